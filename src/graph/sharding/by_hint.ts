import { SHARD_HINT } from "../constants.ts";
import type { GraphNode } from "../nodes.ts";
import { checkEnoughFiles, type ShardContext, shardOf } from "./context.ts";
import { localNodes, rewrite } from "./rebuild.ts";

// What a list of files may go through and still be one.
const KEEPS_LIST: readonly GraphNode["op"][] = [
  "cache",
  "concatenate",
  "filter",
  "ignoreErrors",
  "options",
  "prefetch",
  "repeat",
  "shuffle",
  "skip",
  "take",
];

/** Whether a shard's numbers are left to the HINT policy. */
export function isHinted(node: GraphNode): boolean {
  return node.op === "shard" && node.num === SHARD_HINT;
}

/** Whether a pipeline has a shard whose numbers are left to the HINT policy. */
export function hasHint(root: GraphNode): boolean {
  for (const node of localNodes(root)) if (isHinted(node)) return true;
  return false;
}

/**
 * Fills in the numbers of every `shard(SHARD_HINT, ...)`.
 *
 * @throws {InvalidArgumentError} where one divides a list of files that is known to have fewer than there are workers
 */
export function shardByHint(root: GraphNode, context: ShardContext): GraphNode {
  return rewrite(root, (node) => {
    if (!isHinted(node)) return node;
    const input = node.inputs[0]!;
    if (isFileList(input)) checkEnoughFiles(input, context);
    return shardOf(input, context);
  });
}

function isFileList(root: GraphNode): boolean {
  for (const node of localNodes(root)) {
    if (node.op !== "listFiles" && !KEEPS_LIST.includes(node.op)) return false;
  }
  return true;
}
