import type { Tensor, TypedArray } from "../element/mod.ts";

/**
 * What a batch of `T` is: of numbers a `Float64Array`, of bigints a `BigInt64Array`, of booleans and strings an
 * array, of typed arrays or tensors of one shape a {@linkcode Tensor} with one more axis in front, of arrays and
 * records the same structure with a batch at each place.
 *
 * @example
 * ```ts
 * import { type Batched, Dataset } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = Dataset.fromArray([{ x: 1, name: "a" }, { x: 2, name: "b" }]);
 * const [batch]: Batched<{ x: number; name: string }>[] = await rows.batch(2).toArray();
 * assertEquals(batch, { x: new Float64Array([1, 2]), name: ["a", "b"] });
 * ```
 */
export type Batched<T> =
  // Wrapped in tuples, so that a union such as `boolean` is taken as a whole; `any` stays what it is.
  0 extends 1 & T ? T
    : [T] extends [never] ? never
    : [T] extends [number] ? Float64Array
    : [T] extends [bigint] ? BigInt64Array
    : [T] extends [boolean] ? boolean[]
    : [T] extends [string] ? string[]
    : [T] extends [null] ? null[]
    : [T] extends [TypedArray] ? Tensor<T>
    : [T] extends [Tensor<infer D>] ? Tensor<D>
    : [T] extends [object] ? { -readonly [K in keyof T]: Batched<T[K]> }
    : unknown;
