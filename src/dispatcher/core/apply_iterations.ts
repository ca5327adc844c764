/** Updates of iterations and their clients. */

import { leaveAllTasks } from "./apply_recovery.ts";
import { letGoOfDataset, rest, useDataset, wake } from "./apply_registry.ts";
import { forgetPromises } from "./apply_rounds.ts";
import { detachTasks, dropPending, retireIfIdle } from "./finish.ts";
import { degradeByCollection } from "./guarantee.ts";
import type { ConsumedSource } from "../../element/mod.ts";
import { known } from "./lookup.ts";
import { remember } from "./recent.ts";
import { addRepetition } from "./repetitions.ts";
import { createRecovery, type Gathering } from "./recovery.ts";
import { indexCount } from "./lease_size.ts";
import { addRest, type Rests } from "./rests.ts";
import { createRounds } from "./rounds.ts";
import type { DispatcherState, Iteration, Source } from "./state.ts";
import { addTaking, firstUntaken } from "./takings.ts";
import type {
  AcquireClient,
  CollectIteration,
  CreateIteration,
  FreeIteration,
  ReleaseClient,
  Resumption,
  SourceDescription,
} from "./updates.ts";

/** Begins a pass over a job. */
export function createIteration(state: DispatcherState, update: CreateIteration): void {
  const { iterationId, key, jobId, repetition, sources, finished, resumption } = update;
  const job = known(state.jobs.get(jobId), `job ${jobId}`);
  state.iterations.set(iterationId, {
    id: iterationId,
    key,
    jobId,
    datasetId: finished ? null : job.datasetId,
    repetition,
    sources: sources.map((description, i) => createSource(description, i, resumption)),
    tasks: new Set(),
    running: 0,
    completedBy: new Set(),
    rounds: job.numConsumers === null ? null : createRounds(),
    recovery: sources.length > 0 && job.weakness === null ? createRecovery(gatheringOf(resumption)) : null,
    resumedAt: resumption?.kind === "position" ? resumption.position : null,
    clients: 0,
    lastReleasedAt: null,
    finished,
    version: 0,
  });
  job.iterations.set(repetition, iterationId);
  wake(state, job);
  if (!finished) useDataset(state, job.datasetId);
  if (finished) state.idle.add(iterationId);
  else {
    state.unfinished.add(iterationId);
    if (job.numConsumers !== null) state.coordinated.add(iterationId);
  }
  state.next.iteration = Math.max(state.next.iteration, iterationId + 1);
}

function createSource(
  description: SourceDescription,
  index: number,
  resumption: Resumption | null,
): Source {
  const source: Source = { description, repetition: 0, next: 0, pending: new Map(), excluded: new Map() };
  if (resumption?.kind === "excluded") {
    for (const part of resumption.consumed) if (part.source === index) addTaking(source.excluded, part);
    source.repetition = firstUntaken(source.excluded, indexCount(description));
  } else if (resumption?.kind === "only") {
    source.closed = true;
    for (const part of resumption.rest) if (part.source === index) addPending(source.pending, part);
  }
  return source;
}

function addPending(pending: Rests, { repetition, ranges, partial }: ConsumedSource): void {
  for (const { start, end } of ranges) addRest(pending, repetition, start, end);
  for (const { index, offsets } of partial) {
    addRest(pending, repetition, index, index + 1);
    pending.get(repetition)!.taken.set(index, offsets.flatMap(({ start, end }) => [start, end]));
  }
}

function gatheringOf(resumption: Resumption | null): Gathering | null {
  if (resumption?.kind !== "excluded" || resumption.readers <= 1) return null;
  return { readers: resumption.readers, joined: 0, until: resumption.until };
}

/** Adds a reader. */
export function acquireClient(state: DispatcherState, update: AcquireClient): void {
  const { clientId, iterationId, requestId, at } = update;
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  state.clients.set(clientId, { id: clientId, iterationId, late: iteration.finished, since: at });
  iteration.clients++;
  const gathering = iteration.recovery?.gathering;
  if (gathering && update.gathers && ++gathering.joined >= gathering.readers) {
    iteration.recovery!.gathering = null;
  }
  state.idle.delete(iterationId);
  state.abandoned.delete(iterationId);
  remember(state.requests.clients, requestId, clientId);
  state.next.client = Math.max(state.next.client, clientId + 1);
}

/** How many lost clients of an iteration are kept; the sessions of others end when their workers lose patience. */
const MAX_LOST_CLIENTS = 1_024;

/** Forgets a reader. */
export function releaseClient(state: DispatcherState, update: ReleaseClient): void {
  const client = known(state.clients.get(update.clientId), `client ${update.clientId}`);
  const iteration = known(state.iterations.get(client.iterationId), `iteration ${client.iterationId}`);
  state.clients.delete(client.id);
  iteration.clients--;
  iteration.lastReleasedAt = update.at;
  if (update.lost && !iteration.finished) noteLost(iteration, client.id);
  forgetPromises(iteration, client.id);
  leaveAllTasks(state, iteration, client.id);
  if (!iteration.finished && iteration.clients === 0) state.abandoned.add(iteration.id);
  retireIfIdle(state, iteration);
}

function noteLost(iteration: Iteration, clientId: number): void {
  const lost = iteration.lostClients ??= new Set();
  lost.add(clientId);
  if (lost.size > MAX_LOST_CLIENTS) lost.delete(lost.values().next().value!);
}

/** Gives an unfinished iteration up. */
export function collectIteration(state: DispatcherState, update: CollectIteration): void {
  const iteration = known(state.iterations.get(update.iterationId), `iteration ${update.iterationId}`);
  degradeByCollection(known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`));
  remove(state, iteration, update.at);
}

/** Puts an iteration away that is finished, or that nobody can join; its job remembers that the repetition is over. */
export function freeIteration(state: DispatcherState, update: FreeIteration): void {
  const { iterationId, at } = update;
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  addRepetition(
    known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`).finished,
    iteration.repetition,
  );
  remove(state, iteration, at);
}

function remove(state: DispatcherState, iteration: Iteration, at: number): void {
  detachTasks(state, iteration);
  dropPending(state, iteration);
  for (const id of iteration.tasks) state.tasks.delete(id);
  state.iterations.delete(iteration.id);
  state.unfinished.delete(iteration.id);
  state.coordinated.delete(iteration.id);
  state.needy.delete(iteration.id);
  state.idle.delete(iteration.id);
  state.abandoned.delete(iteration.id);
  const job = known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
  if (job.iterations.get(iteration.repetition) === iteration.id) job.iterations.delete(iteration.repetition);
  if (job.iterations.size === 0) rest(state, job, at);
  if (iteration.datasetId !== null) letGoOfDataset(state, iteration.datasetId, at);
}
