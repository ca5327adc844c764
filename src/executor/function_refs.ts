import type { FunctionRef, GraphNode } from "../graph/mod.ts";

/** The user functions of a node. */
export function functionRefs(node: GraphNode): readonly FunctionRef[] {
  switch (node.op) {
    case "fromGenerator":
    case "map":
    case "filter":
    case "flatMap":
    case "interleave":
    case "takeWhile":
    case "scan":
      return [node.fn];
    case "groupByWindow":
      return typeof node.size === "number" ? [node.key, node.reduce] : [node.key, node.reduce, node.size];
    case "bucketBySequenceLength":
      return [node.length];
    default:
      return [];
  }
}
