/** How the dispatcher reaches a worker: one way for each protocol that workers speak. */

import type { WorkerClient } from "../rpc/mod.ts";
import type { StateView } from "./core/state.ts";
import type { TaskDefinition } from "./core/task_view.ts";
import { checkDataAddresses } from "./protocol/requests.ts";
import { toTaskDef } from "./protocol/to_task_def.ts";

/** Limits of one call. */
export interface LinkCall {
  timeoutMs: number;
  signal: AbortSignal;
}

/** A way to reach workers. */
export interface WorkerLink {
  /** Hands a task to its worker. The reply is where the task can be read beside its worker's address. */
  push(task: TaskDefinition, call: LinkCall): Promise<readonly string[]>;
  /** Resolves if the worker at an address answers; rejects if it does not. */
  probe(address: string, call: LinkCall): Promise<void>;
}

/** The link to the worker at `address`. */
export type LinkTo = (address: string) => WorkerLink;

/** The way to Sluice's own workers. */
export function sluiceLink(workerClient: (address: string) => WorkerClient): WorkerLink {
  return {
    async push(task, call) {
      const answer = await workerClient(task.address).processTask({ task: toTaskDef(task) }, call);
      return checkDataAddresses("dataAddresses", answer.dataAddresses);
    },
    async probe(address, call) {
      await workerClient(address).getWorkerTasks({}, call);
    },
  };
}

/** Chooses by the dataset formats that a worker runs; workers of formats without an entry are Sluice's own. */
export function chooseLink(
  state: StateView,
  own: WorkerLink,
  byFormat: Readonly<Record<string, WorkerLink>>,
): LinkTo {
  return (address) => {
    const format = state.workers.get(address)?.formats.find((known) => Object.hasOwn(byFormat, known));
    return format === undefined ? own : byFormat[format];
  };
}
