/** The end of an iteration, and what is put away then. */

import { known } from "./lookup.ts";
import { hasPending } from "./recovery.ts";
import { addRepetition } from "./repetitions.ts";
import type { DispatcherState, Iteration } from "./state.ts";

/**
 * Finishes an iteration none of whose tasks runs any more. At least one must have been read to its end: an
 * iteration that lost all its workers before that waits for others, instead of passing for a short dataset.
 */
export function finishIfOver(state: DispatcherState, iteration: Iteration): void {
  if (iteration.finished || iteration.running > 0 || iteration.completedBy.size === 0) return;
  if (iteration.recovery && (iteration.recovery.lost.size > 0 || hasPending(iteration))) return;
  iteration.finished = true;
  iteration.version++;
  iteration.sources = [];
  iteration.completedBy.clear();
  const job = known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
  addRepetition(job.finished, iteration.repetition);
  state.unfinished.delete(iteration.id);
  state.abandoned.delete(iteration.id);
  state.coordinated.delete(iteration.id);
  state.needy.delete(iteration.id);
  dropPending(state, iteration);
  retireIfIdle(state, iteration);
}

/** Takes the tasks of a finished iteration that nobody reads any more from their workers. */
export function retireIfIdle(state: DispatcherState, iteration: Iteration): void {
  if (!iteration.finished || iteration.clients > 0) return;
  state.idle.add(iteration.id);
  detachTasks(state, iteration);
}

/** Forgets the tasks that wait to join: the iteration is over, and nobody begins them any more. */
export function dropPending(state: DispatcherState, { rounds }: Iteration): void {
  for (const { taskId } of rounds?.pending.splice(0) ?? []) {
    state.workers.get(state.tasks.get(taskId)?.address ?? "")?.tasks.delete(taskId);
    state.tasks.delete(taskId);
  }
}

/** Takes an iteration's tasks off their workers' lists: the workers end them at their next heartbeats. */
export function detachTasks(state: DispatcherState, iteration: Iteration): void {
  for (const id of iteration.tasks) {
    const task = known(state.tasks.get(id), `task ${id}`);
    state.workers.get(task.address)?.tasks.delete(id);
  }
}
