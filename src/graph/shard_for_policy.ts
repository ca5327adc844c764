import {
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  show,
  SluiceError,
} from "../base/mod.ts";
import type { GraphNode, ListFilesNode } from "./nodes.ts";
import { shardByData } from "./sharding/by_data.ts";
import { shardByFile } from "./sharding/by_file.ts";
import { hasHint, shardByHint } from "./sharding/by_hint.ts";
import type { ShardContext } from "./sharding/context.ts";
import { localNodes } from "./sharding/rebuild.ts";
import { ShardingPolicy } from "./sharding_policy.ts";

/** A worker's place in the division of a dataset. */
export interface ShardForPolicyOptions {
  /** A `ShardingPolicy`. */
  policy: number;
  /** How many workers the dispatcher's list has. Only static policies ask for it. */
  numWorkers: number;
  /** This worker's place in the list, from 0. Only static policies ask for it. */
  workerIndex: number;
  /**
   * Seeds unseeded shuffles below a shard, so that all workers divide one order: give all workers of an iteration
   * the same. @default 0
   */
  seed?: number;
  /** How many files a list of patterns stands for, or undefined. @default known for names without glob characters only */
  fileCount?: (node: ListFilesNode) => number | undefined;
}

/**
 * The part of a pipeline that one worker runs. OFF and DYNAMIC leave the graph as it is; FILE, DATA, FILE_OR_DATA
 * and HINT put shards into it (or fill them in). What is below `dataService` is left to its own service.
 *
 * @throws {InvalidArgumentError} if the place is none in the list, or there are known to be fewer files than workers
 * @throws {NotFoundError} under FILE, if elements come from something else than files
 * @throws {FailedPreconditionError} for `shard(SHARD_HINT, ...)` under another policy than HINT
 * @throws {SluiceError} with code `unimplemented` under DYNAMIC, if the pipeline reads from another service
 */
export function shardForPolicy(root: GraphNode, options: ShardForPolicyOptions): GraphNode {
  const { policy, numWorkers, workerIndex, seed = 0, fileCount = () => undefined } = options;
  const context: ShardContext = { numWorkers, workerIndex, seed, fileCount };
  if (policy !== ShardingPolicy.HINT && hasHint(root)) {
    throw new FailedPreconditionError(
      "Cannot shard by SHARD_HINT: it asks for tf.data service with `ShardingPolicy.HINT` processing mode",
    );
  }
  switch (policy) {
    case ShardingPolicy.OFF:
      return root;
    case ShardingPolicy.DYNAMIC:
      checkSplittable(root);
      return root;
    case ShardingPolicy.FILE:
      checkPlace(context);
      return shardByFile(root, context);
    case ShardingPolicy.DATA:
      checkPlace(context);
      return shardByData(root, context);
    case ShardingPolicy.FILE_OR_DATA:
      checkPlace(context);
      return shardByFileOrData(root, context);
    case ShardingPolicy.HINT:
      checkPlace(context);
      return shardByHint(root, context);
    default:
      throw new InvalidArgumentError(`\`policy\` must be a ShardingPolicy, 0 to 5, got ${show(policy)}`);
  }
}

function shardByFileOrData(root: GraphNode, context: ShardContext): GraphNode {
  try {
    return shardByFile(root, context);
  } catch (error) {
    if (error instanceof NotFoundError) return shardByData(root, context);
    throw error;
  }
}

function checkSplittable(root: GraphNode): void {
  for (const node of localNodes(root)) {
    if (node.op === "dataService" || node.op === "tfDataService") {
      throw new SluiceError(
        "Cannot create split providers for dataset of type DataServiceDataset: shard it by another policy",
        { code: "unimplemented" },
      );
    }
  }
}

function checkPlace({ numWorkers, workerIndex }: ShardContext): void {
  if (!Number.isInteger(numWorkers) || numWorkers < 1) {
    throw new InvalidArgumentError(`numWorkers should be >= 1, currently ${show(numWorkers)}`);
  }
  if (!Number.isInteger(workerIndex) || workerIndex < 0 || workerIndex >= numWorkers) {
    throw new InvalidArgumentError(
      `index should be >= 0 and < ${numWorkers}, currently ${show(workerIndex)}`,
    );
  }
}
