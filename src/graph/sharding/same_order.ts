import { mixSeeds } from "../../base/mod.ts";
import { checkNode } from "../check_node.ts";
import type { GraphNode } from "../nodes.ts";
import { rewrite } from "./rebuild.ts";

/**
 * The graph with its order fixed: unseeded operators get seeds, and parallel ones keep order. What stands below a
 * shard must come in one order on all workers, or some elements would be in two shards and others in none.
 */
export function sameOrder(root: GraphNode, seed: number): GraphNode {
  let place = 0;
  return rewrite(root, (node) => {
    const fixed: Record<string, unknown> = {};
    if ("seed" in node && node.seed === null) fixed.seed = mixSeeds(seed, place++);
    if ("deterministic" in node && node.deterministic !== true) fixed.deterministic = true;
    return Object.keys(fixed).length === 0 ? node : checkNode({ ...node, ...fixed } as GraphNode);
  });
}
