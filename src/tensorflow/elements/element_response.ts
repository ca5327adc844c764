/** `GetElementResponse`, written by hand. */

import type { TensorPart } from "./tensor_part.ts";
import { varintLength, WireWriter } from "./wire_writer.ts";

// Numbers of fields, in proto/tensorflow; all of those below 16 take a tag of one byte.
const RESPONSE_UNCOMPRESSED = 5;
const ELEMENT_COMPONENTS = 1;
const TENSOR_DTYPE = 1;
const TENSOR_SHAPE = 2;
const TENSOR_CONTENT = 4;
const TENSOR_STRINGS = 8;
const SHAPE_DIM = 2;
const DIM_SIZE = 1;

const VARINT = 0;
const BYTES = 2;

/** A response with an element, as chunks: the bytes of large tensors are those of `parts`. */
export function elementResponseChunks(parts: readonly TensorPart[]): Uint8Array[] {
  const sizes = parts.map(tensorSizes);
  const element = sizes.reduce((sum, { tensor }) => sum + fieldLength(tensor), 0);
  const referred = parts.reduce((sum, part) => sum + referredBytes(part), 0);
  const writer = new WireWriter(fieldLength(element) - referred);
  writer.tag(RESPONSE_UNCOMPRESSED, BYTES);
  writer.varint(element);
  parts.forEach((part, i) => {
    writer.tag(ELEMENT_COMPONENTS, BYTES);
    writer.varint(sizes[i].tensor);
    writeTensor(writer, part, sizes[i].shape);
  });
  return writer.finish();
}

/** A response that says: the task has no more elements. */
export const END_OF_SEQUENCE: Uint8Array = Uint8Array.of(2 << 3, 1);

/** A response that says: nothing is ready. */
export const SKIP_TASK: Uint8Array = Uint8Array.of(4 << 3, 1);

/** Length of a field of `length` bytes. */
function fieldLength(length: number): number {
  return 1 + varintLength(length) + length;
}

function tensorSizes({ type, shape, content, strings }: TensorPart): { tensor: number; shape: number } {
  const dims = shape.reduce((sum, size) => sum + fieldLength(dimLength(size)), 0);
  const values = content
    ? (content.length > 0 ? fieldLength(content.length) : 0)
    : strings.reduce((sum, { length }) => sum + fieldLength(length), 0);
  return { shape: dims, tensor: 1 + varintLength(type) + fieldLength(dims) + values };
}

function dimLength(size: number): number {
  return size === 0 ? 0 : 1 + varintLength(size);
}

function referredBytes({ content, strings }: TensorPart): number {
  const all = content ? [content] : strings;
  return all.reduce((sum, { length }) => sum + length - WireWriter.copied(length), 0);
}

function writeTensor(writer: WireWriter, part: TensorPart, shapeLength: number): void {
  const { type, shape, content, strings } = part;
  writer.tag(TENSOR_DTYPE, VARINT);
  writer.varint(type);
  writer.tag(TENSOR_SHAPE, BYTES);
  writer.varint(shapeLength);
  for (const size of shape) {
    writer.tag(SHAPE_DIM, BYTES);
    writer.varint(dimLength(size));
    if (size === 0) continue;
    writer.tag(DIM_SIZE, VARINT);
    writer.varint(size);
  }
  if (content === null) {
    for (const bytes of strings) writeBytes(writer, TENSOR_STRINGS, bytes);
  } else if (content.length > 0) writeBytes(writer, TENSOR_CONTENT, content);
}

function writeBytes(writer: WireWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, BYTES);
  writer.varint(bytes.length);
  writer.bytes(bytes);
}
