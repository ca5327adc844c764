import type { GraphNode } from "../nodes.ts";
import { type ShardContext, shardOf } from "./context.ts";
import { withInputs } from "./rebuild.ts";

/** Gives every n-th element: a shard at the end of the pipeline, below prefetches and options that end it. */
export function shardByData(root: GraphNode, context: ShardContext): GraphNode {
  const trailing: GraphNode[] = [];
  let node = root;
  while (node.op === "prefetch" || node.op === "options") {
    trailing.push(node);
    node = node.inputs[0];
  }
  return trailing.reduceRight((input, above) => withInputs(above, [input]), shardOf(node, context));
}
