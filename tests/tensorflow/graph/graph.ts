/** Small graphs of datasets, as TensorFlow's clients register them. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { GraphDefSchema, NodeDefSchema } from "../../../src/gen/tensorflow/graph_pb.ts";
import { DataType, type TensorProtoSchema } from "../../../src/gen/tensorflow/tensor_pb.ts";

/** A node: its operator, its inputs and, for constants, its value. */
export interface Node {
  op: string;
  input?: string[];
  attr?: MessageInitShape<typeof NodeDefSchema>["attr"];
  device?: string;
}

/** A graph whose output is the node `output`. */
export function graph(nodes: Record<string, Node>, output: string): Uint8Array<ArrayBuffer> {
  const all: Record<string, Node> = { ...nodes, dataset: { op: "_Retval", input: [output] } };
  return toBinary(
    GraphDefSchema,
    create(GraphDefSchema, { node: Object.entries(all).map(([name, node]) => ({ name, ...node })) }),
  );
}

/** A constant. */
export function constant(value: MessageInitShape<typeof TensorProtoSchema>): Node {
  const tensor = { case: "tensor" as const, value };
  return { op: "Const", attr: { value: { value: tensor } as never } };
}

/** An int64 scalar. */
export function int64(value: bigint): Node {
  return constant({ dtype: DataType.DT_INT64, tensorShape: {}, int64Val: [value] });
}

/** A vector of int64. */
export function vector(size: number): Node {
  return constant({
    dtype: DataType.DT_INT64,
    tensorShape: { dim: [{ size: BigInt(size) }] },
    int64Val: [0n],
  });
}

/** `range(start, stop, step)`. */
export function range(start: bigint, stop: bigint, step = 1n): Record<string, Node> {
  return {
    start: int64(start),
    stop: int64(stop),
    step: int64(step),
    range: { op: "RangeDataset", input: ["start", "stop", "step"] },
  };
}
