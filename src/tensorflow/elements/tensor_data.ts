/** A tensor as it came: type, shape and the bytes of its values. */

import { fromBinary } from "@bufbuild/protobuf";
import { DataLossError, messageOf, SluiceError } from "../../base/mod.ts";
import {
  DataType,
  type TensorProto,
  type TensorShapeProto,
  type VariantTensorDataProto,
  VariantTensorDataProtoSchema,
} from "../../gen/tensorflow/tensor_pb.ts";
import { bytesOfDataType, nameOfDataType } from "./data_types.ts";

/** A tensor whose values have been found. */
export type TensorData =
  /** `bytes` holds the values, little-endian; a view of the message where it can be. */
  | {
    readonly kind: "numbers";
    readonly type: DataType;
    readonly shape: readonly number[];
    readonly bytes: Uint8Array;
  }
  | { readonly kind: "strings"; readonly shape: readonly number[]; readonly values: readonly Uint8Array[] }
  | { readonly kind: "variant"; readonly value: VariantTensorDataProto };

/** Most bytes of a tensor: what one message can hold. A value that stands for many could otherwise fill the memory. */
const MAX_BYTES = 2 ** 30;

/**
 * The values of a tensor, in whichever of its fields they are. Where a list of values is shorter than the tensor, its
 * last one stands for the rest, as in constants of graphs.
 *
 * @throws {DataLossError} if shape and values contradict each other, or there are over 1 GiB of values
 * @throws {SluiceError} with code `unimplemented` for types that Sluice does not have
 */
export function tensorData(proto: TensorProto): TensorData {
  const { dtype: type, tensorContent } = proto;
  const shape = sizesOf(proto.tensorShape);
  const count = countOf(shape);
  if (type === DataType.DT_VARIANT) return { kind: "variant", value: oneVariant(proto, count) };
  if (type === DataType.DT_STRING) {
    const values = tensorContent.length > 0
      ? splitStrings(tensorContent, count)
      : repeatLast(proto.stringVal, count, new Uint8Array());
    return { kind: "strings", shape, values };
  }
  const size = bytesOfDataType(type);
  if (size === undefined) throw unsupported(`a tensor of type ${nameOfDataType(type)}`);
  checkBytes(count * size);
  if (tensorContent.length === count * size) return { kind: "numbers", type, shape, bytes: tensorContent };
  if (tensorContent.length > 0) {
    throw new DataLossError(
      `A tensor of ${nameOfDataType(type)} and shape [${shape.join(", ")}] has ${tensorContent.length} bytes`,
    );
  }
  return { kind: "numbers", type, shape, bytes: listedBytes(proto, count) };
}

/**
 * The sizes of a shape.
 *
 * @throws {DataLossError} if it is none of a tensor
 */
export function sizesOf(shape: TensorShapeProto | undefined): number[] {
  if (shape?.unknownRank) throw new DataLossError("A tensor has no shape");
  return (shape?.dim ?? []).map(({ size }) => {
    if (size < 0n || size > BigInt(MAX_BYTES)) {
      throw new DataLossError(`A tensor has size ${size} on an axis`);
    }
    return Number(size);
  });
}

/** The number of values of a shape. @throws {DataLossError} if there are too many to be true */
export function countOf(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  checkBytes(count);
  return count;
}

function checkBytes(bytes: number): void {
  if (bytes > MAX_BYTES) {
    throw new DataLossError(`A tensor of ${bytes} bytes is over the limit of ${MAX_BYTES}`);
  }
}

/** The variant of a scalar; its bytes are written as those of a string are. */
function oneVariant({ tensorContent, variantVal }: TensorProto, count: number): VariantTensorDataProto {
  if (count !== 1) throw unsupported(`a tensor of ${count} variants`);
  if (variantVal.length === 1) return variantVal[0];
  const [bytes] = splitStrings(tensorContent, 1);
  try {
    return fromBinary(VariantTensorDataProtoSchema, bytes);
  } catch (error) {
    throw new DataLossError(`Cannot read a variant: ${messageOf(error)}`, { cause: error });
  }
}

/** Strings as TensorFlow's runtime writes them: the length of each, then all bytes. */
function splitStrings(content: Uint8Array, count: number): Uint8Array[] {
  if (count > content.length) throw cutOff(count, content);
  const lengths: number[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    let length = 0;
    for (let scale = 1;; scale *= 0x80) {
      const byte = content[at++];
      if (byte === undefined || scale > 2 ** 35) throw cutOff(count, content);
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    lengths.push(length);
  }
  const values = lengths.map((length) => {
    if (length > content.length - at) throw cutOff(count, content);
    return content.subarray(at, at += length);
  });
  if (at !== content.length) {
    throw new DataLossError(`${content.length - at} bytes follow the ${count} strings of a tensor`);
  }
  return values;
}

function cutOff(count: number, content: Uint8Array): DataLossError {
  return new DataLossError(`${content.length} bytes do not hold the ${count} strings of a tensor`);
}

/** Most values that others may stand for: a few bytes must not become a gigabyte. */
const MAX_REPEATED = 2 ** 20;

function repeatLast<T>(values: readonly T[], count: number, zero: T): readonly T[] {
  if (values.length === count) return values;
  if (count > MAX_REPEATED) {
    throw new DataLossError(
      `A tensor of ${count} values has ${values.length}: at most ${MAX_REPEATED} may be left out`,
    );
  }
  if (values.length > count) throw new DataLossError(`A tensor of ${count} values has ${values.length}`);
  const last = values.at(-1) ?? zero;
  return Array.from({ length: count }, (_, i) => i < values.length ? values[i] : last);
}

function listedBytes(proto: TensorProto, count: number): Uint8Array {
  const bytes = (array: ArrayBufferView) =>
    new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
  const { dtype, intVal } = proto;
  switch (dtype) {
    case DataType.DT_FLOAT:
      return bytes(Float32Array.from(repeatLast(proto.floatVal, count, 0)));
    case DataType.DT_DOUBLE:
      return bytes(Float64Array.from(repeatLast(proto.doubleVal, count, 0)));
    case DataType.DT_INT64:
      return bytes(BigInt64Array.from(repeatLast(proto.int64Val, count, 0n)));
    case DataType.DT_UINT64:
      return bytes(BigUint64Array.from(repeatLast(proto.uint64Val, count, 0n)));
    case DataType.DT_UINT32:
      return bytes(Uint32Array.from(repeatLast(proto.uint32Val, count, 0)));
    case DataType.DT_BOOL:
      return Uint8Array.from(repeatLast(proto.boolVal, count, false), Number);
    case DataType.DT_HALF:
    case DataType.DT_BFLOAT16:
      return bytes(Uint16Array.from(repeatLast(proto.halfVal, count, 0)));
    case DataType.DT_INT32:
      return bytes(Int32Array.from(repeatLast(intVal, count, 0)));
    case DataType.DT_INT16:
    case DataType.DT_UINT16:
      return bytes(Int16Array.from(repeatLast(intVal, count, 0)));
    default:
      return bytes(Int8Array.from(repeatLast(intVal, count, 0)));
  }
}

function unsupported(what: string): SluiceError {
  return new SluiceError(`Cannot read ${what}: Sluice has nothing like it`, { code: "unimplemented" });
}
