/** Which tasks of an iteration a reader reads. */

import { ShardingPolicy } from "../../graph/mod.ts";

/** What of a task decides on that. */
export interface TargetCandidate {
  readonly address: string;
  readonly tags: readonly string[];
}

/** What of a reader decides on that. */
export interface TargetRules {
  readonly target: "AUTO" | "ANY" | "LOCAL";
  /** A `ShardingPolicy`. */
  readonly policy: number;
  /** Whether consumers read in step: they read from all workers. */
  readonly isCoordinated: boolean;
  /** Whether the dispatcher says that workers run beside the readers. */
  readonly isColocated: boolean;
}

/** A worker with this tag, in any case of letters, runs beside a trainer and is there for that one. */
const COLOCATED = "COLOCATED";

/** Whether a worker belongs to the trainer that it runs beside. */
export function isColocatedWorker({ tags }: Pick<TargetCandidate, "tags">): boolean {
  return tags.some((tag) => tag.toUpperCase() === COLOCATED);
}

/** Whether nothing but workers of this process may be read: each trainer then gets the shards of its own workers. */
export function needsLocalWorkers({ target, policy, isCoordinated, isColocated }: TargetRules): boolean {
  if (isCoordinated) return false;
  return target === "LOCAL" || (target === "AUTO" && isColocated && isStatic(policy));
}

/** Whether a reader reads a task; `isLocal`: its worker runs in this process. */
export function isTarget(task: TargetCandidate, isLocal: boolean, rules: TargetRules): boolean {
  if (rules.isCoordinated || isLocal) return true;
  if (needsLocalWorkers(rules)) return false;
  return rules.target === "ANY" || !isColocatedWorker(task);
}

/**
 * Whether a reader takes a task as its own: it reads it without the network. Other tasks of workers that happen to
 * run in its process it reads as everybody else does.
 */
export function isOwnTask(task: TargetCandidate, isLocal: boolean, rules: TargetRules): boolean {
  if (rules.isCoordinated || !isLocal) return false;
  return needsLocalWorkers(rules) || (rules.target === "AUTO" && isColocatedWorker(task));
}

/**
 * What a reader is told that may read from nothing but local workers where there are none.
 */
export function noLocalWorkerMessage({ target, policy }: TargetRules): string {
  const who = target === "LOCAL"
    ? "Local reads require"
    : `Static sharding policy <${ShardingPolicy[policy]}> requires`;
  return `${who} local tf.data workers, but no local worker is found: start a WorkerServer in this process, ` +
    (target === "LOCAL"
      ? 'or set `targetWorkers` to "ANY"'
      : 'or set the dispatcher\'s `deploymentMode` to "remote"');
}

function isStatic(policy: number): boolean {
  return policy !== ShardingPolicy.OFF && policy !== ShardingPolicy.DYNAMIC;
}
