/** Updates of coordinated reads: tasks that wait, join and are given up. */

import { finishIfOver } from "./finish.ts";
import { known } from "./lookup.ts";
import type { CoordinatedRounds, PendingTask } from "./rounds.ts";
import { type DispatcherState, type Iteration, noLeases, type Task } from "./state.ts";
import type { AcceptRound, RejectRound, RemoveTask } from "./updates.ts";

/** How many tasks that were given up are remembered of an iteration: consumers ask again for the latest only. */
const MAX_REMEMBERED_REMOVALS = 1_000;

/** A consumer has promised to stop before the proposed round; if it is the last to do so, the task joins. */
export function acceptRound(state: DispatcherState, update: AcceptRound): void {
  const { iteration, rounds, front } = negotiated(state, update.iterationId);
  front.ready.add(update.clientId);
  const { numConsumers } = known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
  if (front.ready.size < (numConsumers ?? 0)) return;
  const task = known(state.tasks.get(front.taskId), `task ${front.taskId}`);
  task.startingRound = front.targetRound;
  iteration.tasks.add(task.id);
  iteration.running++;
  iteration.version++;
  rounds.pending.shift();
}

/** A consumer had begun the proposed round already: there is another proposal. */
export function rejectRound(state: DispatcherState, update: RejectRound): void {
  const { front } = negotiated(state, update.iterationId);
  front.failures++;
  front.ready.clear();
  front.targetRound = update.targetRound;
}

/** All consumers have given a task up. */
export function removeTask(state: DispatcherState, { taskId, round }: RemoveTask): void {
  const task = known(state.tasks.get(taskId), `task ${taskId}`);
  const { iteration, rounds } = coordinated(state, task.iterationId);
  rounds.removed.set(taskId, round);
  for (const oldest of rounds.removed.keys()) {
    if (rounds.removed.size <= MAX_REMEMBERED_REMOVALS) break;
    rounds.removed.delete(oldest);
  }
  state.workers.get(task.address)?.tasks.delete(taskId);
  state.tasks.delete(taskId);
  iteration.tasks.delete(taskId);
  iteration.version++;
  if (task.finished) return;
  iteration.running--;
  finishIfOver(state, iteration);
}

/**
 * The worker of a task went. One that waits goes with it. One that the consumers read stays until they have agreed
 * on the round from which on they do without it, or the worker is back: no consumer may leave it out alone.
 */
export function orphanTask(state: DispatcherState, iteration: Iteration, task: Task): void {
  const { rounds } = iteration;
  if (rounds && task.startingRound === null) {
    rounds.pending = rounds.pending.filter(({ taskId }) => taskId !== task.id);
    state.tasks.delete(task.id);
    return;
  }
  task.dataAddresses = [];
  task.leases = task.leases.map(noLeases);
}

/** The tasks that waited for the worker at `address` to come back; readers are told of its new run. */
export function reclaimOrphans(state: DispatcherState, address: string): number[] {
  return [...state.coordinated].flatMap((id) => {
    const iteration = known(state.iterations.get(id), `iteration ${id}`);
    const orphans = [...iteration.tasks].filter((taskId) => {
      const task = known(state.tasks.get(taskId), `task ${taskId}`);
      return task.address === address && !task.finished;
    });
    if (orphans.length > 0) iteration.version++;
    return orphans;
  });
}

/** A reader left: its promises go with it. */
export function forgetPromises({ rounds }: Iteration, clientId: number): void {
  for (const { ready } of rounds?.pending ?? []) ready.delete(clientId);
}

function negotiated(
  state: DispatcherState,
  iterationId: number,
): { iteration: Iteration; rounds: CoordinatedRounds; front: PendingTask } {
  const { iteration, rounds } = coordinated(state, iterationId);
  return { iteration, rounds, front: known(rounds.pending[0], `a waiting task of iteration ${iterationId}`) };
}

function coordinated(
  state: DispatcherState,
  iterationId: number,
): { iteration: Iteration; rounds: CoordinatedRounds } {
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  return {
    iteration,
    rounds: known(iteration.rounds ?? undefined, `coordination of iteration ${iterationId}`),
  };
}
