/** Where tasks can be read beside their worker's address: named by the worker when it takes a task over, and in its heartbeats. */

import type { Context, Decision } from "./decision.ts";
import type { StateView } from "./state.ts";
import type { AddressTask } from "./updates.ts";

/** The addresses of one task, the preferred first. */
export interface TaskAddresses {
  readonly taskId: number;
  readonly dataAddresses: readonly string[];
}

/** A worker's answer to a task that was handed to it. */
export interface AddressTaskRequest extends TaskAddresses {
  /** The worker. */
  readonly address: string;
}

/** Notes what a worker answered. */
export function addressTask(
  { state }: Context,
  { address, ...addresses }: AddressTaskRequest,
): Decision<null> {
  return { updates: newAddresses(state, address, addresses), reply: () => null };
}

/** The update that notes the addresses of a task; none where they are known, or the task is not this worker's. */
export function newAddresses(
  state: StateView,
  address: string,
  { taskId, dataAddresses }: TaskAddresses,
): AddressTask[] {
  const task = state.tasks.get(taskId);
  if (!task || task.address !== address || task.finished) return [];
  const isKnown = task.dataAddresses.length === dataAddresses.length &&
    task.dataAddresses.every((known, i) => known === dataAddresses[i]);
  return isKnown ? [] : [{ type: "addressTask", taskId, dataAddresses: [...dataAddresses] }];
}
