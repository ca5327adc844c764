/** What a job promises, and what takes a promise away. */

import { ShardingPolicy } from "../../graph/mod.ts";
import type { Guarantee, Job } from "./state.ts";
import type { Weakness } from "./updates.ts";

/** Of jobs that readers of TensorFlow's make: what a worker has leased is lost with it. */
export const SILENT_READERS: Weakness = {
  operator: "TensorFlow's readers",
  reason: "they do not say which elements they have got",
};

/** What a job promises as long as no worker goes and nothing is given up. */
export function firstGuarantee(
  job: Pick<Job, "policy" | "numConsumers" | "useCrossTrainerCache"> & { readonly undivided?: boolean },
): Guarantee {
  if (job.policy === ShardingPolicy.OFF || job.undivided || job.numConsumers !== null) return "none";
  // Each trainer sees an increasing part of the sequence, and may skip what left the window before it came.
  return job.useCrossTrainerCache ? "at-most-once" : "exactly-once";
}

/**
 * A worker went and its tasks with it. The elements of splits in its hands may have been read or not, so they
 * are not given out again; a static shard begins anew if the worker returns.
 */
export function degradeByLoss(job: Job): void {
  if (job.policy !== ShardingPolicy.DYNAMIC) job.guarantee = "none";
  else if (job.guarantee === "exactly-once") job.guarantee = "at-most-once";
}

/** Readers do not say what they have got, so that some of it is not kept any more: it would be lost with its worker. */
export function degradeByForgetting(job: Job): void {
  if (job.guarantee === "exactly-once") job.guarantee = "at-most-once";
}

/** An unfinished iteration was given up: a later reader sees again what its readers saw. */
export function degradeByCollection(job: Job): void {
  job.guarantee = "none";
}
