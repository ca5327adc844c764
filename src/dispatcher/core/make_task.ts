/** Which workers get a task of an iteration, and with which shard. */

import { ShardingPolicy } from "../../graph/mod.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import type { DispatcherSettings } from "./settings.ts";
import type { Job, Worker } from "./state.ts";
import type { CreateTask } from "./updates.ts";

/** Whether each worker's part is fixed by its place in the dispatcher's list. */
export function isStatic(policy: number): boolean {
  return policy !== ShardingPolicy.OFF && policy !== ShardingPolicy.DYNAMIC;
}

/** What of a worker decides on its tasks. */
export type TaskWorker = DeepReadonly<Pick<Worker, "address" | "slot" | "formats" | "draining">>;

/** Whether a worker stays, knows the dataset's format and, for a static policy, has a place in the list. */
export function canRun(
  { workerAddresses }: DeepReadonly<DispatcherSettings>,
  job: DeepReadonly<Pick<Job, "policy">>,
  worker: TaskWorker,
  format: string,
): boolean {
  if (worker.draining || !worker.formats.includes(format)) return false;
  return !isStatic(job.policy) || (worker.slot !== null && worker.slot < workerAddresses.length);
}

/** The update that gives a worker its part of an iteration; only for workers that {@linkcode canRun} it. */
export function makeTask(
  settings: DeepReadonly<DispatcherSettings>,
  job: DeepReadonly<Pick<Job, "policy">>,
  ids: { iterationId: number; taskId: number },
  worker: TaskWorker,
): CreateTask {
  const shard = isStatic(job.policy) && worker.slot !== null
    ? { index: worker.slot, count: settings.workerAddresses.length }
    : null;
  return { type: "createTask", ...ids, address: worker.address, shard };
}
