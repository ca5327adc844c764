/** Updates of workers: their coming and going, and what that means for their tasks. */

import { orphanTask, reclaimOrphans } from "./apply_rounds.ts";
import { setLost } from "./apply_recovery.ts";
import { degradeByLoss } from "./guarantee.ts";
import { known } from "./lookup.ts";
import { type DispatcherState, noLeases, type Task, type Worker } from "./state.ts";
import { finishIfOver } from "./finish.ts";
import type { DrainWorker, LoseWorker, RegisterWorker, RemoveWorker } from "./updates.ts";

/** Adds a worker, or renews one that came back or whose process was replaced. */
export function registerWorker(state: DispatcherState, update: RegisterWorker): void {
  const { address, uid, tags, formats, transferServers, slot } = update;
  const former = state.workers.get(address);
  if (former && former.uid !== uid) restartTasks(state, former);
  const tasks = new Set([...former?.tasks ?? [], ...reclaimOrphans(state, address)]);
  state.workers.set(address, {
    address,
    uid,
    tags,
    formats,
    ...(transferServers && { transferServers }),
    slot,
    lostAt: null,
    ...(former?.draining && former.uid === uid && { draining: true }),
    tasks,
  });
  state.next.task = Math.max(state.next.task, update.firstFreeTaskId);
}

/** Marks a worker as lost and ends its tasks. */
export function loseWorker(state: DispatcherState, update: LoseWorker): void {
  const worker = known(state.workers.get(update.address), `worker "${update.address}"`);
  dropTasks(state, worker);
  worker.lostAt = update.at;
}

/** Ends the tasks of a worker that is to end. */
export function drainWorker(state: DispatcherState, { address }: DrainWorker): void {
  const worker = known(state.workers.get(address), `worker "${address}"`);
  dropTasks(state, worker);
  worker.draining = true;
}

/** Forgets a worker and ends its tasks. */
export function removeWorker(state: DispatcherState, update: RemoveWorker): void {
  const worker = known(state.workers.get(update.address), `worker "${update.address}"`);
  dropTasks(state, worker);
  state.workers.delete(update.address);
}

/**
 * Another process took a worker's address. Its running tasks keep their ids, for readers ask for them already,
 * and begin anew; ended ones are gone, since nobody may read them again from the beginning. So are those whose rest is
 * leased again: an element of the former run must not pass for one of the present.
 */
function restartTasks(state: DispatcherState, worker: Worker): void {
  for (const task of tasksOf(state, worker)) {
    const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
    iteration.version++;
    if (task.finished) {
      iteration.tasks.delete(task.id);
      worker.tasks.delete(task.id);
      state.tasks.delete(task.id);
    } else if (iteration.recovery) {
      setLost(state, iteration, task);
      finishIfOver(state, iteration);
    } else {
      noteLoss(state, task);
      task.dataAddresses = [];
      task.leases = task.leases.map(noLeases);
    }
  }
}

/** Takes a worker's tasks out of their iterations, which must not wait for them; but see {@linkcode orphanTask}. */
function dropTasks(state: DispatcherState, worker: Worker): void {
  for (const task of tasksOf(state, worker)) {
    const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
    iteration.version++;
    if (iteration.rounds && !task.finished) {
      orphanTask(state, iteration, task);
      continue;
    }
    if (iteration.recovery && !task.finished) {
      setLost(state, iteration, task);
      finishIfOver(state, iteration);
      continue;
    }
    iteration.tasks.delete(task.id);
    state.tasks.delete(task.id);
    if (task.finished) continue;
    noteLoss(state, task);
    iteration.running--;
    finishIfOver(state, iteration);
  }
  worker.tasks.clear();
}

function tasksOf(state: DispatcherState, worker: Worker): Task[] {
  return [...worker.tasks].map((id) => known(state.tasks.get(id), `task ${id}`));
}

/** A dynamically sharded task that never held a split takes nothing with it. */
function noteLoss(state: DispatcherState, task: Task): void {
  const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
  const holdsNone = task.leases.every(({ answers }, i) =>
    answers.length === 0 && !iteration.sources[i]?.anonymous
  );
  if (task.leases.length > 0 && holdsNone) return;
  degradeByLoss(known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`));
}
