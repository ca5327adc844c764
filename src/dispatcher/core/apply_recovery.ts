/** Updates of recovery: what readers have got, and what becomes of the tasks of workers that went. */

import { ConsumedSet, type ConsumedSource } from "../../element/mod.ts";
import { finishIfOver } from "./finish.ts";
import { known } from "./lookup.ts";
import { hasPending, type LostTask, type Recovery } from "./recovery.ts";
import { type Rests, takeRest, uniteRests } from "./rests.ts";
import type { DispatcherState, Iteration, Task } from "./state.ts";
import { addTaking, fragmentsOfTakings, takenSince, type Takings } from "./takings.ts";
import type { Consume, ExcludeTaken, LeaveTask, LoseTask, ResumeClient } from "./updates.ts";

/**
 * How many ranges are kept of what one reader has got. A reader that shares its tasks with others gets pieces: at some
 * hundred blocks a second this lasts for half an hour of one pass.
 */
export const MAX_TAKING_FRAGMENTS = 262_144;

/** A reader has got elements of a task. */
export function consume(state: DispatcherState, { clientId, taskId, consumed }: Consume): void {
  const client = known(state.clients.get(clientId), `client ${clientId}`);
  const { iteration, recovery } = recoverable(state, client.iterationId);
  const rests = restsOfTask(state, recovery, taskId);
  for (const part of consumed) if (rests?.[part.source]) takeRest(rests[part.source], part);
  if (recovery.unclaimed.get(taskId)?.every((rest) => rest.size === 0)) recovery.unclaimed.delete(taskId);
  if (known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`).named) {
    noteTakings(recovery, clientId, consumed);
  }
}

function restsOfTask(state: DispatcherState, recovery: Recovery, taskId: number): Rests[] | undefined {
  const running = state.tasks.get(taskId);
  if (running && !running.finished) return running.leases.map(({ rests }) => rests);
  return recovery.lost.get(taskId)?.rests ?? recovery.unclaimed.get(taskId);
}

function noteTakings({ takings }: Recovery, clientId: number, consumed: readonly ConsumedSource[]): void {
  let own = takings.get(clientId);
  if (own === null) return;
  if (!own) takings.set(clientId, own = new Map<number, Takings>());
  for (const part of consumed) {
    let taken = own.get(part.source);
    if (!taken) own.set(part.source, taken = new Map());
    addTaking(taken, part);
  }
  let fragments = 0;
  for (const taken of own.values()) fragments += fragmentsOfTakings(taken);
  if (fragments > MAX_TAKING_FRAGMENTS) takings.set(clientId, null);
}

/** A task is taken from a worker that stays. */
export function loseTask(state: DispatcherState, { taskId }: LoseTask): void {
  const task = known(state.tasks.get(taskId), `task ${taskId}`);
  const { iteration } = recoverable(state, task.iterationId);
  iteration.version++;
  setLost(state, iteration, task);
  finishIfOver(state, iteration);
}

/** Takes a running task out of its iteration, and lets it wait for the iteration's readers if they may lack something of it. */
export function setLost(state: DispatcherState, iteration: Iteration, task: Task): void {
  const recovery = known(iteration.recovery ?? undefined, `recovery of iteration ${iteration.id}`);
  iteration.tasks.delete(task.id);
  iteration.running--;
  state.tasks.delete(task.id);
  state.workers.get(task.address)?.tasks.delete(task.id);
  const rests = task.leases.map((leases) => leases.rests);
  if (rests.some(({ size }) => size > 0)) {
    awaitReaders(state, iteration, recovery, { id: task.id, address: task.address, rests });
  }
  noteNeed(state, iteration);
}

/** Lets what nobody may have got wait until the clients of the iteration have said what they have. */
function awaitReaders(
  state: DispatcherState,
  iteration: Iteration,
  recovery: Recovery,
  { id, address, rests }: { id: number; address: string; rests: Rests[] },
): void {
  const awaits = new Set<number>();
  if (iteration.clients > 0) {
    for (const client of state.clients.values()) {
      if (client.iterationId === iteration.id) awaits.add(client.id);
    }
  }
  const lost: LostTask = { address, rests, awaits };
  recovery.lost.set(id, lost);
  if (awaits.size === 0) giveBack(iteration, recovery, id, lost);
}

/** A reader takes nothing more of a lost task. */
export function leaveTask(state: DispatcherState, { clientId, taskId }: LeaveTask): void {
  const client = known(state.clients.get(clientId), `client ${clientId}`);
  const { iteration, recovery } = recoverable(state, client.iterationId);
  stopAwaiting(state, iteration, recovery, clientId, [taskId]);
}

/** A reader is gone: no lost task awaits it any more. */
export function leaveAllTasks(state: DispatcherState, iteration: Iteration, clientId: number): void {
  const { recovery } = iteration;
  if (recovery === null || recovery.lost.size === 0) return;
  stopAwaiting(state, iteration, recovery, clientId, [...recovery.lost.keys()]);
}

function stopAwaiting(
  state: DispatcherState,
  iteration: Iteration,
  recovery: Recovery,
  clientId: number,
  taskIds: readonly number[],
): void {
  for (const id of taskIds) {
    const lost = recovery.lost.get(id);
    if (lost?.awaits.delete(clientId) && lost.awaits.size === 0) giveBack(iteration, recovery, id, lost);
  }
  noteNeed(state, iteration);
  finishIfOver(state, iteration);
}

function giveBack(
  iteration: Iteration,
  recovery: Recovery,
  taskId: number,
  { address, rests }: LostTask,
): void {
  recovery.lost.delete(taskId);
  rests.forEach((rest, i) => uniteRests(iteration.sources[i].pending, rest));
  recovery.avoid = address;
}

/**
 * Whether an iteration needs a task that nobody makes by himself: one for what is pending, or one that goes on with
 * the sources. Called whenever a task went or something became pending.
 */
export function noteNeed(state: DispatcherState, iteration: Iteration): void {
  if (iteration.finished || iteration.recovery === null) return;
  if (hasPending(iteration) || lacksTask(state, iteration)) state.needy.add(iteration.id);
  else state.needy.delete(iteration.id);
}

/** Whether nobody is at work on the sources, which have not been given out to their ends. */
export function lacksTask(
  { tasks }: {
    readonly tasks: ReadonlyMap<number, { readonly finished: boolean; readonly restOnly?: true }>;
  },
  { completedBy, tasks: ids }: {
    readonly completedBy: ReadonlySet<string>;
    readonly tasks: ReadonlySet<number>;
  },
): boolean {
  if (completedBy.size > 0) return false;
  for (const id of ids) {
    const task = tasks.get(id);
    if (task && !task.finished && !task.restOnly) return false;
  }
  return true;
}

/** Leaves out of what is not leased yet what a reader has that came with a checkpoint. */
export function excludeTaken(state: DispatcherState, { iterationId, consumed }: ExcludeTaken): void {
  const { iteration, recovery } = recoverable(state, iterationId);
  takeFromWaiting(iteration, recovery, consumed);
  for (const part of consumed) {
    const source = iteration.sources[part.source];
    if (source && part.repetition >= source.repetition) addTaking(source.excluded, part);
  }
  noteNeed(state, iteration);
  finishIfOver(state, iteration);
}

/**
 * A reader goes on from a checkpoint in the iteration that it was taken in: what it got since is given again, and its
 * former client is gone. Since nobody knows what that client took after its last heartbeat, all tasks are begun anew:
 * what is left of them when the other readers have said what they have is what it may have taken.
 */
export function resumeClient(state: DispatcherState, update: ResumeClient): void {
  const { iterationId, clientId, heirId, consumed } = update;
  const { iteration, recovery } = recoverable(state, iterationId);
  for (const id of [...iteration.tasks]) {
    const task = known(state.tasks.get(id), `task ${id}`);
    if (!task.finished) setLost(state, iteration, task);
  }
  for (const [id, rests] of recovery.unclaimed) {
    awaitReaders(state, iteration, recovery, { id, address: "", rests });
  }
  recovery.unclaimed.clear();
  const before = new ConsumedSet(consumed);
  recovery.takings.get(clientId)?.forEach((takings, source) => {
    if (iteration.sources[source]) {
      uniteRests(iteration.sources[source].pending, takenSince(takings, source, before));
    }
  });
  recovery.takings.delete(clientId);
  recovery.heirs.set(clientId, heirId);
  // To whoever goes on from an earlier checkpoint of the same reader, this is what it took.
  noteTakings(recovery, heirId, consumed);
  takeFromWaiting(iteration, recovery, consumed);
  iteration.version++;
  noteNeed(state, iteration);
}

/** What a reader has is not given to others, as far as it waits for that. */
function takeFromWaiting(
  iteration: Iteration,
  recovery: Recovery,
  consumed: readonly ConsumedSource[],
): void {
  for (const part of consumed) {
    const source = iteration.sources[part.source];
    if (!source) continue;
    takeRest(source.pending, part);
    for (const { rests } of recovery.lost.values()) takeRest(rests[part.source], part);
  }
}

function recoverable(
  state: DispatcherState,
  iterationId: number,
): { iteration: Iteration; recovery: Recovery } {
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  return {
    iteration,
    recovery: known(iteration.recovery ?? undefined, `recovery of iteration ${iterationId}`),
  };
}
