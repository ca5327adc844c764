/** What the static policies share. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { countWith } from "../cardinality.ts";
import { checkNode } from "../check_node.ts";
import type { GraphNode, ListFilesNode } from "../nodes.ts";
import { sameOrder } from "./same_order.ts";

/** One worker's place among all. */
export interface ShardContext {
  readonly numWorkers: number;
  readonly workerIndex: number;
  /** Seeds the order of what is divided; the same on all workers. */
  readonly seed: number;
  fileCount(node: ListFilesNode): number | undefined;
}

/** This worker's part of a dataset. */
export function shardOf(input: GraphNode, { numWorkers, workerIndex, seed }: ShardContext): GraphNode {
  return checkNode({
    op: "shard",
    inputs: [sameOrder(input, seed)],
    num: numWorkers,
    index: workerIndex,
  });
}

/** Refuses a list of files that leaves workers without any, where its length is known. */
export function checkEnoughFiles(list: GraphNode, context: ShardContext): void {
  const files = countWith(list, context);
  if (files >= 0 && files < context.numWorkers) {
    throw new InvalidArgumentError(
      `Cannot shard by file: ${files} files are not enough for the required ${context.numWorkers} shards/workers`,
    );
  }
}
