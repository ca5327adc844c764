/** Sources of a TensorFlow dataset, as dynamic sharding divides them. */

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DataType } from "../../gen/tensorflow/tensor_pb.ts";

/** A source of a graph. Its splits are tensors that the dataset's own operator understands. */
export type GraphSource =
  /** Splits by their index. */
  | {
    readonly kind: "values";
    /** How many there are; Infinity: endless. */
    readonly count: number;
    /** The split at an index, as an encoded TensorProto; the same each time. */
    split(index: number): Uint8Array;
  }
  /** The chunks of a snapshot, which may still be written: splits are the paths of their files. */
  | { readonly kind: "chunks"; readonly path: string };

/** An int64 scalar as an encoded TensorProto. */
export function int64Tensor(value: bigint): Uint8Array {
  // dtype: DT_INT64, tensor_shape: {}, tensor_content: 8 bytes
  const bytes = new Uint8Array([0x08, 9, 0x12, 0, 0x22, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  new DataView(bytes.buffer).setBigInt64(6, value, true);
  return bytes;
}

/** A string scalar as an encoded TensorProto. */
export function stringTensor(text: string): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Varint).int32(DataType.DT_STRING)
    .tag(2, WireType.LengthDelimited).bytes(new Uint8Array())
    .tag(8, WireType.LengthDelimited).string(text)
    .finish();
}

/** A source whose splits are the indexes themselves. */
export function indexSource(count: number): GraphSource {
  return { kind: "values", count, split: (index) => int64Tensor(BigInt(index)) };
}

/** The numbers from `start` to before `stop`: splits are the numbers, not their indexes. */
export function rangeSource(start: bigint, stop: bigint, step: bigint): GraphSource {
  const towards = step > 0n ? stop - start : start - stop;
  const size = step > 0n ? step : -step;
  const count = towards <= 0n ? 0n : (towards + size - 1n) / size;
  return {
    kind: "values",
    // Beyond 2^53 nobody comes to the end.
    count: count > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(count),
    split: (index) => int64Tensor(start + BigInt(index) * step),
  };
}
