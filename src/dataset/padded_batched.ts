import type { Tensor, TypedArray } from "../element/mod.ts";
import type { Batched } from "./batched.ts";

/**
 * An array of values, or of such arrays.
 *
 * @example
 * ```ts
 * import type { NestedArray } from "@sluice/data";
 *
 * const matrix: NestedArray<number> = [[1, 2], [3, 4]];
 * ```
 */
export type NestedArray<V> = readonly (V | NestedArray<V>)[];

/**
 * What a padded batch of `T` is: as {@linkcode Batched}, but arrays of numbers or bigints, nested ones too, become a
 * {@linkcode Tensor}, and arrays of strings or booleans an array of padded arrays.
 *
 * @example
 * ```ts
 * import { Dataset, type PaddedBatched } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const words = Dataset.fromArray([["to", "be"], ["or"]]);
 * const [batch]: PaddedBatched<string[]>[] = await words.paddedBatch(2).toArray();
 * assertEquals(batch, [["to", "be"], ["or", ""]]);
 * ```
 */
export type PaddedBatched<T> =
  // Wrapped in tuples, so that a union is taken as a whole; `any` stays what it is.
  0 extends 1 & T ? T
    : [T] extends [TypedArray | Tensor] ? Batched<T>
    : [T] extends [NestedArray<number>] ? Tensor<Float64Array>
    : [T] extends [NestedArray<bigint>] ? Tensor<BigInt64Array>
    : [T] extends [readonly string[]] ? string[][]
    : [T] extends [readonly boolean[]] ? boolean[][]
    : [T] extends [object] ? { -readonly [K in keyof T]: PaddedBatched<T[K]> }
    : Batched<T>;
