/** Updates of iterations and their clients. */

import { letGoOfDataset, rest, useDataset, wake } from "./apply_registry.ts";
import { forgetPromises } from "./apply_rounds.ts";
import { detachTasks, dropPending, retireIfIdle } from "./finish.ts";
import { degradeByCollection } from "./guarantee.ts";
import { known } from "./lookup.ts";
import { remember } from "./recent.ts";
import { addRepetition } from "./repetitions.ts";
import { createRounds } from "./rounds.ts";
import type { DispatcherState, Iteration } from "./state.ts";
import type {
  AcquireClient,
  CollectIteration,
  CreateIteration,
  FreeIteration,
  ReleaseClient,
} from "./updates.ts";

/** Begins a pass over a job. */
export function createIteration(state: DispatcherState, update: CreateIteration): void {
  const { iterationId, jobId, repetition, sources, finished } = update;
  const job = known(state.jobs.get(jobId), `job ${jobId}`);
  state.iterations.set(iterationId, {
    id: iterationId,
    jobId,
    datasetId: finished ? null : job.datasetId,
    repetition,
    sources: sources.map((description) => ({ description, repetition: 0, next: 0 })),
    tasks: new Set(),
    running: 0,
    completedBy: new Set(),
    rounds: job.numConsumers === null ? null : createRounds(),
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

/** Adds a reader. */
export function acquireClient(state: DispatcherState, update: AcquireClient): void {
  const { clientId, iterationId, requestId, at } = update;
  const iteration = known(state.iterations.get(iterationId), `iteration ${iterationId}`);
  state.clients.set(clientId, { id: clientId, iterationId, late: iteration.finished, since: at });
  iteration.clients++;
  state.idle.delete(iterationId);
  state.abandoned.delete(iterationId);
  remember(state.requests.clients, requestId, clientId);
  state.next.client = Math.max(state.next.client, clientId + 1);
}

/** Forgets a reader. */
export function releaseClient(state: DispatcherState, update: ReleaseClient): void {
  const client = known(state.clients.get(update.clientId), `client ${update.clientId}`);
  const iteration = known(state.iterations.get(client.iterationId), `iteration ${client.iterationId}`);
  state.clients.delete(client.id);
  iteration.clients--;
  iteration.lastReleasedAt = update.at;
  forgetPromises(iteration, client.id);
  if (!iteration.finished && iteration.clients === 0) state.abandoned.add(iteration.id);
  retireIfIdle(state, iteration);
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
  state.idle.delete(iteration.id);
  state.abandoned.delete(iteration.id);
  const job = known(state.jobs.get(iteration.jobId), `job ${iteration.jobId}`);
  job.iterations.delete(iteration.repetition);
  if (job.iterations.size === 0) rest(state, job, at);
  if (iteration.datasetId !== null) letGoOfDataset(state, iteration.datasetId, at);
}
