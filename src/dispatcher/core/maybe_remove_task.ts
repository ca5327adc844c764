/** MaybeRemoveTask: which tasks the consumers of a coordinated read may give up, and giving them up. */

import { FailedPreconditionError } from "../../base/mod.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import { iterationOfTask, jobOfIteration } from "./lookup.ts";

/** A consumer that cannot reach a task's worker. */
export interface MaybeRemoveTaskRequest {
  readonly taskId: number;
  readonly consumerIndex: number;
  /** The first round for which it has no answer of the task. */
  readonly round: number;
  /** The first round whose element it has not handed to its program, `round` at most. */
  readonly untakenRound: number;
}

/** Whether a task is gone, or who has to agree before it goes. */
export type Removability =
  | { readonly kind: "removed"; readonly round: number }
  | { readonly kind: "present"; readonly numConsumers: number };

/**
 * Looks at a task that a consumer wants to give up. Whoever asks again after a lost answer is told the same round.
 *
 * @throws {FailedPreconditionError} if the task is not read in rounds, or has no such consumer
 */
export function findRemovable({ state }: Context, request: MaybeRemoveTaskRequest): Decision<Removability> {
  const { taskId, consumerIndex, round } = request;
  const task = state.tasks.get(taskId);
  if (!task) {
    for (const id of state.coordinated) {
      const removedRound = state.iterations.get(id)?.rounds?.removed.get(taskId);
      if (removedRound !== undefined) return answer({ kind: "removed", round: removedRound });
    }
    return answer({ kind: "removed", round });
  }
  const { numConsumers } = jobOfIteration(state, iterationOfTask(state, task));
  if (numConsumers === null) {
    throw new FailedPreconditionError(
      `MaybeRemoveTask called on a non-round-robin task. Task ${taskId} is not part of a coordinated read`,
    );
  }
  if (consumerIndex >= numConsumers) {
    throw new FailedPreconditionError(
      `Cannot remove task ${taskId} for consumer ${consumerIndex}: the job has ${numConsumers} consumers`,
    );
  }
  // All consumers have confirmed its end: there is nothing in it from here on.
  if (task.finished) return answer({ kind: "removed", round });
  return answer({ kind: "present", numConsumers });
}

/** Removes a task that all consumers have given up from a round on. The reply is that round. */
export function removeTask(
  { state }: Context,
  { taskId, round }: { readonly taskId: number; readonly round: number },
): Decision<number> {
  if (!state.tasks.has(taskId)) return answer(round);
  return { updates: [{ type: "removeTask", taskId, round }], reply: () => round };
}
