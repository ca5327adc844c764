import { mixSeeds } from "../../base/mod.ts";
import {
  type GraphNode,
  type ListFilesNode,
  localNodes,
  shardForPolicy,
  ShardingPolicy,
} from "../../graph/mod.ts";
import type { FileSystem } from "../../sources/mod.ts";
import type { TaskDefinition } from "./task_host.ts";

/** What of a task decides on its part of the dataset. */
export type TaskPart = Pick<TaskDefinition, "iterationId" | "policy" | "numWorkers" | "workerIndex">;

/**
 * The part of a graph that a task runs. Where files may be divided, their patterns are listed first: whether there
 * are enough of them for all workers is known before any is read.
 *
 * @throws {NotFoundError} if a pattern stands for no file, or the policy is FILE and elements come from elsewhere
 * @throws {InvalidArgumentError} if there are fewer files than workers
 */
export async function shardTask(
  root: GraphNode,
  { iterationId, policy, numWorkers, workerIndex }: TaskPart,
  { files, signal }: { files: FileSystem; signal: AbortSignal },
): Promise<GraphNode> {
  const counts = dividesFiles(policy) ? await countFiles(root, files, signal) : undefined;
  return shardForPolicy(root, {
    policy,
    numWorkers,
    workerIndex,
    // All workers of an iteration divide one order, and every iteration has another one.
    seed: mixSeeds(Number(BigInt.asUintN(32, iterationId)), Number(BigInt.asUintN(32, iterationId >> 32n))),
    fileCount: (node) => counts?.get(node.patterns),
  });
}

function dividesFiles(policy: number): boolean {
  return policy === ShardingPolicy.FILE || policy === ShardingPolicy.FILE_OR_DATA ||
    policy === ShardingPolicy.HINT;
}

/** By the list of patterns: rewriting a graph makes new nodes and leaves their patterns as they are. */
async function countFiles(
  root: GraphNode,
  files: FileSystem,
  signal: AbortSignal,
): Promise<Map<ListFilesNode["patterns"], number>> {
  const counts = new Map<ListFilesNode["patterns"], number>();
  for (const node of localNodes(root)) {
    if (node.op !== "listFiles") continue;
    let count = 0;
    for (const pattern of node.patterns) count += (await files.list(pattern, { signal })).length;
    counts.set(node.patterns, count);
  }
  return counts;
}
