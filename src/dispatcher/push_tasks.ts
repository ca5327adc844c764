/** Hands new tasks to their workers at once, so that readers need not wait for the next heartbeats. */

import { type Clock, type Log, messageOf } from "../base/mod.ts";
import type { AddressTaskRequest } from "./core/address_task.ts";
import { type TaskDefinition, taskDefinition } from "./core/task_view.ts";
import type { StateView } from "./core/state.ts";
import type { LinkTo } from "./worker_link.ts";

/** How long a reader's request waits for the workers: a worker that hangs must not keep readers from the others. */
const PATIENCE_MS = 250;

/** Deadline of a hand-over; the worker's next heartbeat makes up for one that fails. */
const TIMEOUT_MS = 5_000;

/** What pushing takes. */
export interface PushOptions {
  clock: Clock;
  log: Log;
  linkTo: LinkTo;
  /** Takes in where a task can be read beside its worker's address. */
  onAddresses(answer: AddressTaskRequest): Promise<unknown>;
  /** Ends all hand-overs. */
  signal: AbortSignal;
}

/** Hands tasks over; resolves when all workers have answered or that took too long. Never rejects. */
export async function pushTasks(
  state: StateView,
  taskIds: readonly number[],
  options: PushOptions,
): Promise<void> {
  const tasks = taskIds.map((id) => state.tasks.get(id)).filter((task) => task !== undefined);
  if (tasks.length === 0 || options.signal.aborted) return;
  const answered = new AbortController();
  const pushes = Promise.all(tasks.map((task) => push(taskDefinition(state, task), options)))
    .then(() => answered.abort());
  const patience = options.clock.sleep(PATIENCE_MS, {
    signal: AbortSignal.any([answered.signal, options.signal]),
  }).catch(() => {}); // Aborted: everybody has answered, or the dispatcher stops.
  await Promise.race([pushes, patience]);
}

async function push(
  task: TaskDefinition,
  { log, linkTo, onAddresses, signal }: PushOptions,
): Promise<void> {
  try {
    const { taskId, address } = task;
    const dataAddresses = await linkTo(address).push(task, { timeoutMs: TIMEOUT_MS, signal });
    if (dataAddresses.length > 0) await onAddresses({ taskId, address, dataAddresses });
  } catch (error) {
    if (signal.aborted) return;
    log.info("Cannot hand a task to its worker now, its next heartbeat will", {
      task: task.taskId,
      worker: task.address,
      reason: messageOf(error),
    });
  }
}
