/** What can be told of constants of a graph: their numbers, their shapes, their texts. */

import type { TensorProto } from "../../gen/tensorflow/tensor_pb.ts";
import { DataType } from "../../gen/tensorflow/tensor_pb.ts";

/** The size of a tensor's first dimension; undefined for a scalar. */
export function firstDimension({ tensorShape }: TensorProto): number | undefined {
  const dim = tensorShape?.dim[0];
  return dim && Number(dim.size);
}

/** The number in an integer scalar; undefined for any other tensor. */
export function integerOf({ dtype, tensorContent, int64Val, intVal }: TensorProto): bigint | undefined {
  const view = new DataView(tensorContent.buffer, tensorContent.byteOffset, tensorContent.length);
  if (dtype === DataType.DT_INT64) {
    if (view.byteLength === 0) return int64Val[0] ?? 0n;
    return view.byteLength === 8 ? view.getBigInt64(0, true) : undefined;
  }
  if (dtype === DataType.DT_INT32) {
    if (view.byteLength === 0) return BigInt(intVal[0] ?? 0);
    return view.byteLength === 4 ? BigInt(view.getInt32(0, true)) : undefined;
  }
  return undefined;
}

/** The text in a string scalar; undefined for any other tensor. */
export function textOf({ dtype, tensorContent, stringVal }: TensorProto): string | undefined {
  if (dtype !== DataType.DT_STRING) return undefined;
  if (stringVal.length > 0) return new TextDecoder().decode(stringVal[0]);
  if (tensorContent.length === 0) return "";
  // One length as a varint, then that many bytes.
  let offset = 0;
  while (offset < tensorContent.length && tensorContent[offset] & 0x80) offset++;
  return new TextDecoder().decode(tensorContent.subarray(offset + 1));
}
