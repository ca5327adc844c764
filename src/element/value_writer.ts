/** Writes the self-describing encoding; see `value.ts`. */

import { InternalError } from "../base/mod.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { bytesOfArray, codeOfDType, dtypeOfArray, isTypedArray, sizeOfDType } from "./dtypes.ts";
import { isTensor } from "./tensors.ts";
import type { DType, Element, TypedArray } from "./types.ts";
import { TAG } from "./value_tags.ts";

/** Appends the encoding of a checked element. */
export function writeValue(writer: ByteWriter, element: Element): void {
  switch (typeof element) {
    case "number":
      return writeNumber(writer, element);
    case "string":
      writer.byte(TAG.string);
      return writer.string(element);
    case "boolean":
      return writer.byte(element ? TAG.true : TAG.false);
    case "bigint":
      return writeBigint(writer, element);
    case "object":
      if (element === null) return writer.byte(TAG.null);
      return writeCompound(writer, element);
    default:
      // Only a getter or a proxy that answers differently each time comes here: the element was checked.
      throw new InternalError(`Cannot encode a ${typeof element}: the element changed while it was encoded`);
  }
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 31 && !Object.is(value, -0)) {
    writer.byte(TAG.integer);
    writer.varint(value < 0 ? -2 * value - 1 : 2 * value);
  } else {
    writer.byte(TAG.float64);
    writer.float64(value);
  }
}

function writeBigint(writer: ByteWriter, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    writer.byte(TAG.int64);
    writer.raw(new Uint8Array(BigInt64Array.of(value).buffer));
    return;
  }
  const negative = value < 0n;
  const hex = (negative ? -value : value).toString(16);
  const bytes = new Uint8Array(Math.ceil(hex.length / 2));
  for (let i = 0, end = hex.length; end > 0; i++, end -= 2) {
    bytes[i] = Number.parseInt(hex.slice(Math.max(0, end - 2), end), 16);
  }
  writer.byte(TAG.bigint);
  writer.byte(negative ? 1 : 0);
  writer.varint(bytes.length);
  writer.raw(bytes);
}

function writeCompound(
  writer: ByteWriter,
  element: Exclude<Element, string | number | boolean | bigint | null>,
): void {
  if (isTypedArray(element)) {
    const dtype = dtypeOfArray(element)!;
    writer.byte(TAG.typedArray);
    writer.byte(codeOfDType(dtype));
    writer.varint(element.length);
    writeValues(writer, dtype, element);
  } else if (Array.isArray(element)) {
    writer.byte(TAG.array);
    writer.varint(element.length);
    for (let i = 0; i < element.length; i++) writeValue(writer, element[i]);
  } else if (isTensor(element)) {
    writer.byte(TAG.tensor);
    writer.byte(codeOfDType(element.dtype));
    writer.varint(element.shape.length);
    for (const size of element.shape) writer.varint(size);
    writeValues(writer, element.dtype, element.data);
  } else {
    const record = element as { readonly [key: string]: Element };
    const keys = Object.keys(record);
    writer.byte(TAG.record);
    writer.varint(keys.length);
    for (const key of keys) {
      writer.string(key);
      writeValue(writer, record[key]);
    }
  }
}

function writeValues(writer: ByteWriter, dtype: DType, data: TypedArray): void {
  writer.align(sizeOfDType(dtype));
  writer.raw(bytesOfArray(data));
}
