import type { Tensor, TypedArray } from "../element/mod.ts";

/** The values of a typed array; as the data of a tensor, bytes may stand for booleans. */
export type ValueOf<D extends TypedArray> = D extends BigInt64Array | BigUint64Array ? bigint : number;

/** The values of a tensor with these data. */
export type ScalarOf<D extends TypedArray> = D extends Uint8Array ? number | boolean : ValueOf<D>;

/**
 * What `Dataset.fromTensorSlices` makes of a `T`: of a typed array its numbers or bigints, of a
 * {@linkcode Tensor} its scalars or tensors with one axis less, of an array its items, of a record a record of
 * slices.
 *
 * @example
 * ```ts
 * import { Dataset, type Slice } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const first: Slice<{ x: Float32Array; name: string[] }>[] = await Dataset
 *   .fromTensorSlices({ x: new Float32Array([0.5]), name: ["a"] })
 *   .toArray();
 * assertEquals(first, [{ x: 0.5, name: "a" }]);
 * ```
 */
export type Slice<T> =
  // Wrapped in tuples, so that a union is taken as a whole; `any` stays what it is.
  0 extends 1 & T ? T
    : [T] extends [TypedArray] ? ValueOf<T>
    : [T] extends [Tensor<infer D>] ? ScalarOf<D> | Tensor<D>
    : [T] extends [readonly (infer I)[]] ? I
    : [T] extends [object] ? { -readonly [K in keyof T]: Slice<T[K]> }
    : unknown;
