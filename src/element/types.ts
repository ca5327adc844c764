/** What an element is. */

/** Data types of a {@linkcode Tensor}. */
export type DType =
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float16"
  | "float32"
  | "float64"
  | "bool";

/** A typed array of any kind; `Uint8ClampedArray` is not one of them. */
export type TypedArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float16Array
  | Float32Array
  | Float64Array;

/**
 * A dense array of numbers in row-major order, as a plain object. `data` holds exactly as many values as the
 * product of `shape`; its class belongs to `dtype`: `Int8Array` ... `Float64Array`, `BigInt64Array` and
 * `BigUint64Array` for the 64-bit integers, `Uint8Array` of 0 and 1 for `bool`.
 *
 * @example A 2 x 3 matrix
 * ```ts
 * import type { Tensor } from "@sluice/data";
 *
 * const matrix: Tensor = { dtype: "float32", shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) };
 * ```
 */
export interface Tensor<D extends TypedArray = TypedArray> {
  /** Type of each value. */
  readonly dtype: DType;
  /** Sizes of the axes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The values in row-major order. */
  readonly data: D;
}

/** An array or a plain record of elements, or a scalar: what a dataset holds. */
export type Element =
  | number
  | string
  | boolean
  | bigint
  | null
  | TypedArray
  | Tensor
  | readonly Element[]
  | { readonly [key: string]: Element };
