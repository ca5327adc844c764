/**
 * The self-describing encoding of one element, for the control plane and for elements that share no spec.
 *
 * A value is a tag byte and what the tag asks for. `varint` is a whole number below 2^53, seven bits a byte, low
 * bits first, the high bit set in all bytes but the last; all other numbers are little-endian.
 *
 * | tag | value |
 * |---|---|
 * | 0 | null |
 * | 1, 2 | false, true |
 * | 3 | a number: 8 bytes, IEEE 754 double |
 * | 4 | a whole number of at most 2^31 in size, other than -0: varint of `2 * n`, or of `-2 * n - 1` if it is negative |
 * | 5 | a string: varint of the length in bytes, UTF-8 |
 * | 6 | a bigint that fits 64 bits: 8 bytes, two's complement |
 * | 7 | any other bigint: a byte, 1 if it is negative; varint of a length; the magnitude, low bytes first, the last not 0 |
 * | 8 | an array: varint of the number of items, each item's value |
 * | 9 | a record: varint of the number of fields; for each its key (as in 5, without the tag) and its value |
 * | 10 | a typed array: a byte for the dtype; varint of the number of values; zeros up to a multiple of a value's size, counted from the beginning of the encoding; the values |
 * | 11 | a tensor: a byte for the dtype; varint of the rank; varint of each size; zeros and values as in 10 |
 *
 * Dtypes are int8 1, int16 2, int32 3, int64 4, uint8 5, uint16 6, uint32 7, uint64 8, float16 9, float32 10,
 * float64 11, bool 12 (tensors only). Arrays and records are nested at most 256 deep. Equal elements with their
 * keys in the same order have equal bytes.
 */

import { DataLossError } from "../base/mod.ts";
import { ByteWriter, concatBytes } from "./byte_writer.ts";
import { checkElement } from "./check.ts";
import type { Element } from "./types.ts";
import { ValueReader } from "./value_reader.ts";
import { writeValue } from "./value_writer.ts";

/** What a message may take to decode when its reader says nothing else: 1 GiB. */
export const DEFAULT_MAX_BYTES = 2 ** 30;

/**
 * The self-describing encoding of an element. Record keys keep their order: who needs one form for equal records
 * sorts them before.
 *
 * @throws {InvalidArgumentError} if it is not an element
 */
export function encodeValue(element: Element): Uint8Array<ArrayBuffer> {
  checkElement(element);
  const writer = new ByteWriter();
  writeValue(writer, element);
  const chunks = writer.finish();
  // A single chunk may be a view of a larger buffer, which a stored encoding would keep alive.
  return chunks.length === 1 ? chunks[0].slice() : concatBytes(chunks);
}

/**
 * The element that `bytes` describe. It shares no memory with them.
 *
 * @param bytes the encoding, and nothing else
 * @param options.maxBytes refuse longer encodings; default 1 GiB. What is allocated is bounded by the length of
 * `bytes`, whatever they say
 * @throws {DataLossError} if they are truncated, damaged, longer than one value, or over `maxBytes`
 */
export function decodeValue(bytes: Uint8Array, options: { maxBytes?: number } = {}): Element {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes.length > maxBytes) {
    throw new DataLossError(`Cannot decode value of ${bytes.length} bytes: the limit is ${maxBytes}`);
  }
  const reader = new ValueReader(bytes, { views: false });
  const element = reader.read(0, bytes.length);
  if (reader.position !== bytes.length) {
    throw new DataLossError(
      `Cannot decode value of ${bytes.length} bytes: it ends at byte ${reader.position}`,
    );
  }
  return element;
}
