import type { Tensor, TypedArray } from "../element/mod.ts";
import type { ScalarOf, ValueOf } from "./slice.ts";

/**
 * What the parts of a batch `T` are: of a typed array its numbers or bigints, of a {@linkcode Tensor} its scalars,
 * rows or tensors with one axis less, of an array of strings, booleans or nulls its items, of other arrays and of
 * records the same structure with a part at each place. Undoes {@linkcode Batched}.
 *
 * @example
 * ```ts
 * import { Dataset, type Unbatched } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = Dataset.fromArray([{ x: new Float64Array([1, 2]), name: ["a", "b"] }]);
 * const parts: Unbatched<{ x: Float64Array; name: string[] }>[] = await batches.unbatch().toArray();
 * assertEquals(parts, [{ x: 1, name: "a" }, { x: 2, name: "b" }]);
 * ```
 */
export type Unbatched<T> =
  // Wrapped in tuples, so that a union is taken as a whole; `any` stays what it is.
  0 extends 1 & T ? T
    : [T] extends [TypedArray] ? ValueOf<T>
    : [T] extends [Tensor<infer D>] ? ScalarOf<D> | D | Tensor<D>
    : [T] extends [readonly (infer I extends string | number | bigint | boolean | null)[]] ? I
    : [T] extends [object] ? { -readonly [K in keyof T]: Unbatched<T[K]> }
    : unknown;
