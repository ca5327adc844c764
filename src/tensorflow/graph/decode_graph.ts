import { fromBinary } from "@bufbuild/protobuf";
import { InvalidArgumentError, messageOf } from "../../base/mod.ts";
import { type GraphDef, GraphDefSchema } from "../../gen/tensorflow/graph_pb.ts";

/** A graph from its bytes. @throws {InvalidArgumentError} for bytes that are none */
export function decodeGraph(bytes: Uint8Array): GraphDef {
  try {
    return fromBinary(GraphDefSchema, bytes);
  } catch (error) {
    throw new InvalidArgumentError(`Cannot read the dataset's graph: ${messageOf(error)}`, { cause: error });
  }
}
