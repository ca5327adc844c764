/** What the dispatcher changes of a graph before workers get it. */

import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttrValueSchema,
  type GraphDef,
  GraphDefSchema,
  type NodeDef,
} from "../../gen/tensorflow/graph_pb.ts";
import { decodeGraph } from "./decode_graph.ts";

/** Operators that own a table. */
const TABLES: ReadonlySet<string> = new Set([
  "HashTable",
  "HashTableV2",
  "MutableHashTable",
  "MutableHashTableV2",
  "MutableDenseHashTable",
  "MutableDenseHashTableV2",
  "MutableHashTableOfTensors",
  "MutableHashTableOfTensorsV2",
]);

/**
 * The graph as workers should run it: tables are found by the names of their nodes, or the end of one run of the
 * graph would delete them for the next; and nothing is bound to the devices of the host that registered it.
 *
 * @returns the same bytes where nothing has to change
 * @throws {InvalidArgumentError} for bytes that are no graph
 */
export function prepareGraph(bytes: Uint8Array): Uint8Array {
  const graph = decodeGraph(bytes);
  const changed = [shareTables(graph), stripDevices(graph)];
  return changed.includes(true) ? toBinary(GraphDefSchema, graph) : bytes;
}

function shareTables(graph: GraphDef): boolean {
  const tables = graph.node.filter(({ op }) => TABLES.has(op));
  for (const table of tables) {
    table.attr["use_node_name_sharing"] = create(AttrValueSchema, { value: { case: "b", value: true } });
    table.device = "";
  }
  return tables.length > 0;
}

function stripDevices({ library }: GraphDef): boolean {
  const placed: NodeDef[] = (library?.function ?? []).flatMap(({ nodeDef }) =>
    nodeDef.filter(({ device }) => device !== "")
  );
  for (const node of placed) node.device = "";
  return placed.length > 0;
}
