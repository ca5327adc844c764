/** The dtypes: their codes on the wire, their sizes and their classes. */

import { FailedPreconditionError } from "../base/mod.ts";
import type { DType, TypedArray } from "./types.ts";

/** Makes typed arrays of one class. */
export interface TypedArrayClass {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
}

interface DTypeInfo {
  /** Stands for the dtype on the wire: never changed, never used again. */
  readonly code: number;
  /** Bytes of one value. */
  readonly size: number;
  /** Undefined where the runtime does not know it. */
  readonly Class: TypedArrayClass | undefined;
}

// Node 20 and older browsers have no Float16Array; naming it directly would end the import there.
const Float16 = (globalThis as { Float16Array?: TypedArrayClass }).Float16Array;

const DTYPES: { readonly [D in DType]: DTypeInfo } = {
  int8: { code: 1, size: 1, Class: Int8Array },
  int16: { code: 2, size: 2, Class: Int16Array },
  int32: { code: 3, size: 4, Class: Int32Array },
  int64: { code: 4, size: 8, Class: BigInt64Array },
  uint8: { code: 5, size: 1, Class: Uint8Array },
  uint16: { code: 6, size: 2, Class: Uint16Array },
  uint32: { code: 7, size: 4, Class: Uint32Array },
  uint64: { code: 8, size: 8, Class: BigUint64Array },
  float16: { code: 9, size: 2, Class: Float16 },
  float32: { code: 10, size: 4, Class: Float32Array },
  float64: { code: 11, size: 8, Class: Float64Array },
  bool: { code: 12, size: 1, Class: Uint8Array },
};

const DTYPE_OF_CODE = new Map(Object.entries(DTYPES).map(([dtype, { code }]) => [code, dtype as DType]));

const DTYPE_OF_CLASS: ReadonlyMap<string | undefined, Exclude<DType, "bool">> = new Map([
  ["Int8Array", "int8"],
  ["Int16Array", "int16"],
  ["Int32Array", "int32"],
  ["BigInt64Array", "int64"],
  ["Uint8Array", "uint8"],
  ["Uint16Array", "uint16"],
  ["Uint32Array", "uint32"],
  ["BigUint64Array", "uint64"],
  ["Float16Array", "float16"],
  ["Float32Array", "float32"],
  ["Float64Array", "float64"],
]);

/** Whether `value` names a dtype. */
export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(DTYPES, value);
}

/** The code of a dtype on the wire. */
export function codeOfDType(dtype: DType): number {
  return DTYPES[dtype].code;
}

/** The dtype that a code on the wire stands for. */
export function dtypeOfCode(code: number): DType | undefined {
  return DTYPE_OF_CODE.get(code);
}

/** Bytes of one value of a dtype. */
export function sizeOfDType(dtype: DType): number {
  return DTYPES[dtype].size;
}

/**
 * The class that holds values of a dtype.
 *
 * @throws {FailedPreconditionError} if this runtime lacks it (`Float16Array`)
 */
export function classOfDType(dtype: DType): TypedArrayClass {
  const { Class } = DTYPES[dtype];
  if (!Class) {
    throw new FailedPreconditionError(`Cannot hold ${dtype} values: this runtime has no Float16Array`);
  }
  return Class;
}

/** The dtype of a typed array, of whatever realm or subclass; undefined for `DataView` and `Uint8ClampedArray`. */
export function dtypeOfArray(value: ArrayBufferView): Exclude<DType, "bool"> | undefined {
  return DTYPE_OF_CLASS.get((value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]);
}

/** Whether `value` is a typed array that may be an element. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && dtypeOfArray(value) !== undefined;
}

/** The bytes of a typed array: a view, but a copy where the memory is shared, as others may write it at any time. */
export function bytesOfArray(array: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = array;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
}
