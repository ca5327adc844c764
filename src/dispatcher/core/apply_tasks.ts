/** Updates of tasks: making, ending, and the splits that they lease. */

import { gapsWithin, isWithin } from "../../base/mod.ts";
import { noteNeed } from "./apply_recovery.ts";
import { finishIfOver } from "./finish.ts";
import { degradeByForgetting } from "./guarantee.ts";
import { known } from "./lookup.ts";
import { addNotes } from "./task_notes.ts";
import { hasPending } from "./recovery.ts";
import { addRest, dropLowest, fragmentsOf, moveRest, type Rests, uniteRests } from "./rests.ts";
import { type DispatcherState, type Iteration, noLeases, type Source } from "./state.ts";
import { passTakings } from "./takings.ts";
import type {
  AddressTask,
  CreatePendingTask,
  CreateTask,
  EndSplits,
  FinishTask,
  LeaseSplit,
  ReserveSplits,
  TakeSplit,
} from "./updates.ts";

/** How many answers to a source's requests a task can ask for again: as many as its worker may have under way. */
export const MAX_REMEMBERED_ANSWERS = 8;

/**
 * How many ranges are kept of what a task leased of a source and no reader has named. A shuffle leaves as many as its
 * buffer has elements; readers that name nothing would pile them up, and the oldest are the likeliest to be consumed.
 */
export const MAX_REST_FRAGMENTS = 262_144;

/** Counting them takes a look at each pass over the source, of which a small one has many: not at every lease. */
const COUNT_EVERY = 64;

/** Gives a worker its part of an iteration. */
export function createTask(state: DispatcherState, update: CreateTask): void {
  // The worker that comes took its former run's task with it, which was the last of an iteration.
  if (known(state.iterations.get(update.iterationId), `iteration ${update.iterationId}`).finished) {
    state.next.task = Math.max(state.next.task, update.taskId + 1);
    return;
  }
  const iteration = addTask(state, update, 0);
  if (update.restOnly) known(state.tasks.get(update.taskId), `task ${update.taskId}`).restOnly = true;
  iteration.tasks.add(update.taskId);
  iteration.running++;
  iteration.version++;
  state.needy.delete(iteration.id);
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
  const job = known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
  // Readers have all of it; but of a job with a name it may be asked which.
  if (iteration.recovery && job.named) {
    const rests = task.leases.map((leases) => leases.rests);
    if (rests.some(({ size }) => size > 0)) iteration.recovery.unclaimed.set(task.id, rests);
  }
  task.leases = [];
  if (iteration.rounds && update.numDropped) {
    iteration.rounds.numDropped += update.numDropped;
    job.numDropped += update.numDropped;
  }
  if (update.notes) {
    const job = known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
    iteration.notes = addNotes([iteration.notes, update.notes]);
    job.notes = addNotes([job.notes, update.notes]);
  }
  iteration.running--;
  if (!task.restOnly) iteration.completedBy.add(task.address);
  iteration.version++;
  if (iteration.running === 0) noteNeed(state, iteration);
  finishIfOver(state, iteration);
}

/** Moves a source on and notes what the task got of it, or gives the task what another one had. */
export function leaseSplit(state: DispatcherState, update: LeaseSplit): void {
  const { source: index, repetition, requestId, start, end, again = false } = update;
  const task = known(state.tasks.get(update.taskId), `task ${update.taskId}`);
  const iteration = known(state.iterations.get(task.iterationId), `iteration ${task.iterationId}`);
  const source = known(iteration.sources[index], `source ${index} of iteration ${iteration.id}`);
  const leases = known(task.leases[index], `source ${index} of task ${task.id}`);
  const rests = iteration.recovery ? leases.rests : null;
  const { indexes: parts, taken } = again
    ? moveRest(source.pending, leases.rests, { repetition, start, end })
    : takeNext(source, rests, { repetition, start, end });
  if (again && !hasPending(iteration)) noteNeed(state, iteration);
  if (rests && requestId % COUNT_EVERY === 0 && fragmentsOf(rests) > MAX_REST_FRAGMENTS) {
    dropLowest(rests, MAX_REST_FRAGMENTS / 2);
    degradeByForgetting(known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`));
  }
  const isWhole = parts.length === 2 && parts[0] === start && parts[1] === end;
  leases.answers.push({
    requestId,
    repetition,
    start,
    end,
    ...(!isWhole && { parts }),
    ...(taken.size > 0 && { taken }),
  });
  leases.askedAt = update.at;
  if (leases.answers.length > MAX_REMEMBERED_ANSWERS) leases.answers.shift();
}

/** Remembers that a request was answered with the end. */
export function endSplits(state: DispatcherState, { taskId, source, requestId }: EndSplits): void {
  const task = known(state.tasks.get(taskId), `task ${taskId}`);
  known(task.leases[source], `source ${source} of task ${taskId}`).ended = requestId;
}

/** Moves a source on; gives what readers do not have of the indexes that it passes. */
function takeNext(
  source: Source,
  rests: Rests | null,
  { repetition, start, end }: { repetition: number; start: number; end: number },
): { indexes: number[]; taken: Map<number, number[]> } {
  source.repetition = repetition;
  source.next = end;
  const taken = new Map<number, number[]>();
  if (source.excluded.size === 0) {
    if (rests) addRest(rests, repetition, start, end);
    return { indexes: [start, end], taken };
  }
  const indexes = [...gapsWithin(source.excluded.get(repetition)?.indexes ?? [], start, end)].flat();
  for (const [index, bounds] of passTakings(source.excluded, repetition, end)) {
    if (isWithin(indexes, index)) taken.set(index, bounds);
  }
  if (rests) uniteRests(rests, new Map([[repetition, { indexes, taken }]]));
  return { indexes, taken };
}

/** Moves a source on by one index, which some worker has got. */
export function takeSplit(state: DispatcherState, update: TakeSplit): void {
  const source = sourceOf(state, update);
  source.next = update.index + 1;
  source.anonymous = true;
}

/** Lets a source move on before that is durable, up to an index. */
export function reserveSplits(state: DispatcherState, update: ReserveSplits): void {
  sourceOf(state, update).reserved = update.end;
}

/** A source in a repetition that somebody asked for. */
function sourceOf(
  state: DispatcherState,
  { iterationId, source: index, repetition }: TakeSplit | ReserveSplits,
): Source {
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  const source = known(iteration.sources[index], `source ${index} of iteration ${iterationId}`);
  if (source.repetition !== repetition) {
    source.repetition = repetition;
    source.next = 0;
    delete source.reserved;
  }
  return source;
}
