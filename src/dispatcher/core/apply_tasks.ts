/** Updates of tasks: making, ending, and the splits that they lease. */

import { finishIfOver } from "./finish.ts";
import { known } from "./lookup.ts";
import { type DispatcherState, type Iteration, noLeases } from "./state.ts";
import type {
  AddressTask,
  CreatePendingTask,
  CreateTask,
  FinishTask,
  LeaseSplit,
  TakeSplit,
} from "./updates.ts";

/** How many answers to a source's requests a task can ask for again: as many as its worker may have under way. */
export const MAX_REMEMBERED_ANSWERS = 8;

/**
 * How many leased ranges are kept of a task and source. Nobody confirms consumption, so an endless source would
 * pile them up; the oldest are the likeliest to be consumed.
 */
export const MAX_REMEMBERED_RANGES = 1_024;

/** Gives a worker its part of an iteration. */
export function createTask(state: DispatcherState, update: CreateTask): void {
  const iteration = addTask(state, update, 0);
  iteration.tasks.add(update.taskId);
  iteration.running++;
  iteration.version++;
}

/** Gives a worker its part of a coordinated read, and lets it wait for the consumers. */
export function createPendingTask(state: DispatcherState, update: CreatePendingTask): void {
  const { taskId, targetRound } = update;
  const { rounds } = addTask(state, update, null);
  known(rounds ?? undefined, `coordination of iteration ${update.iterationId}`)
    .pending.push({ taskId, targetRound, ready: new Set(), failures: 0 });
}

function addTask(
  state: DispatcherState,
  { taskId, iterationId, address, shard }: CreateTask | CreatePendingTask,
  startingRound: number | null,
): Iteration {
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  const worker = known(state.workers.get(address), `worker "${address}"`);
  const leases = iteration.sources.map(noLeases);
  state.tasks.set(taskId, {
    id: taskId,
    iterationId,
    address,
    dataAddresses: [],
    shard,
    finished: false,
    startingRound,
    leases,
  });
  worker.tasks.add(taskId);
  state.next.task = Math.max(state.next.task, taskId + 1);
  return iteration;
}

/** Notes where else a task can be read. */
export function addressTask(state: DispatcherState, update: AddressTask): void {
  const task = known(state.tasks.get(update.taskId), `task ${update.taskId}`);
  const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
  task.dataAddresses = update.dataAddresses;
  iteration.version++;
}

/** Ends a task whose readers have taken its last element. */
export function finishTask(state: DispatcherState, update: FinishTask): void {
  const task = known(state.tasks.get(update.taskId), `task ${update.taskId}`);
  if (task.finished) return;
  const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
  task.finished = true;
  task.leases = [];
  if (iteration.rounds && update.numDropped) {
    iteration.rounds.numDropped += update.numDropped;
    known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`).numDropped += update.numDropped;
  }
  iteration.running--;
  iteration.completedBy.add(task.address);
  iteration.version++;
  finishIfOver(state, iteration);
}

/** Moves a source on and notes what the task got of it. */
export function leaseSplit(state: DispatcherState, update: LeaseSplit): void {
  const { source: index, repetition, requestId, start, end } = update;
  const task = known(state.tasks.get(update.taskId), `task ${update.taskId}`);
  const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
  const source = known(iteration.sources[index], `source ${index} of iteration ${iteration.id}`);
  const leases = known(task.leases[index], `source ${index} of task ${task.id}`);
  source.repetition = repetition;
  source.next = end;
  if (leases.repetition !== repetition) {
    leases.repetition = repetition;
    leases.ranges = [];
  }
  const last = leases.ranges.at(-1);
  if (last && last[1] === start) last[1] = end;
  else leases.ranges.push([start, end]);
  if (leases.ranges.length > MAX_REMEMBERED_RANGES) leases.ranges.shift();
  leases.answers.push({ requestId, start, end });
  leases.askedAt = update.at;
  if (leases.answers.length > MAX_REMEMBERED_ANSWERS) leases.answers.shift();
}

/** Moves a source on by one index, which some worker has got. */
export function takeSplit(state: DispatcherState, update: TakeSplit): void {
  const iteration = known(state.iterations.get(update.iterationId), `iteration ${update.iterationId}`);
  const source = known(
    iteration.sources[update.source],
    `source ${update.source} of iteration ${iteration.id}`,
  );
  source.repetition = update.repetition;
  source.next = update.index + 1;
  source.anonymous = true;
}
