/** WorkerUpdate. */

import { InvalidArgumentError, NotFoundError } from "../../base/mod.ts";
import type { Context, Decision } from "./decision.ts";
import { wasGivenOut } from "./ids.ts";
import type { TaskNotes } from "./task_notes.ts";
import type { FinishTask } from "./updates.ts";

/** Tasks that have ended. */
export interface WorkerUpdateRequest {
  readonly address: string;
  readonly completedTasks: readonly number[];
  /** For coordinated reads: elements of completed tasks that did not make a full round. @default none */
  readonly droppedElements?: ReadonlyMap<number, number>;
  /** What there is to say of completed tasks. @default nothing */
  readonly notes?: ReadonlyMap<number, TaskNotes>;
}

/** Ends tasks whose readers have taken their last elements. All or none: a bad id changes nothing. */
export function workerUpdate(
  { state, now }: Context,
  { address, completedTasks, droppedElements, notes }: WorkerUpdateRequest,
): Decision<null> {
  const updates: FinishTask[] = [];
  for (const taskId of new Set(completedTasks)) {
    const task = state.tasks.get(taskId);
    if (!task) {
      // A task that was here and went (its worker counted as lost, or its iteration is over) has ended anyway:
      // a worker that repeats its report must not be stuck with it.
      if (wasGivenOut(state, "task", taskId)) continue;
      throw new NotFoundError(`Task ${taskId} not found`);
    }
    if (task.address !== address) {
      throw new InvalidArgumentError(
        `Cannot end task ${taskId} for worker ${address}: it is ${task.address}'s`,
      );
    }
    if (task.finished) continue;
    const numDropped = droppedElements?.get(taskId) ?? 0;
    const noted = notes?.get(taskId);
    updates.push({
      type: "finishTask",
      taskId,
      ...(numDropped > 0 && { numDropped }),
      ...(noted && { notes: noted }),
      at: now,
    });
  }
  return { updates, reply: () => null };
}
