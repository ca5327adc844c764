/** The one place where the state changes, for live traffic and replay alike. */

import { InternalError } from "../../base/mod.ts";
import {
  acquireClient,
  collectIteration,
  createIteration,
  freeIteration,
  releaseClient,
} from "./apply_iterations.ts";
import { acceptRound, rejectRound, removeTask } from "./apply_rounds.ts";
import { addressTask, createPendingTask, createTask, finishTask, leaseSplit } from "./apply_tasks.ts";
import { loseWorker, registerWorker, removeWorker } from "./apply_workers.ts";
import { firstGuarantee } from "./guarantee.ts";
import { remember } from "./recent.ts";
import type { DispatcherState } from "./state.ts";
import type { CreateJob, RegisterDataset, Update } from "./updates.ts";

/**
 * Changes `state` by one update.
 *
 * @throws {InternalError} for an update that cannot follow what was applied before, as in a foreign journal
 */
export function apply(state: DispatcherState, update: Update): void {
  switch (update.type) {
    case "registerDataset":
      return registerDataset(state, update);
    case "registerWorker":
      return registerWorker(state, update);
    case "loseWorker":
      return loseWorker(state, update);
    case "removeWorker":
      return removeWorker(state, update);
    case "createJob":
      return createJob(state, update);
    case "createIteration":
      return createIteration(state, update);
    case "acquireClient":
      return acquireClient(state, update);
    case "releaseClient":
      return releaseClient(state, update);
    case "createTask":
      return createTask(state, update);
    case "addressTask":
      return addressTask(state, update);
    case "createPendingTask":
      return createPendingTask(state, update);
    case "acceptRound":
      return acceptRound(state, update);
    case "rejectRound":
      return rejectRound(state, update);
    case "removeTask":
      return removeTask(state, update);
    case "finishTask":
      return finishTask(state, update);
    case "leaseSplit":
      return leaseSplit(state, update);
    case "collectIteration":
      return collectIteration(state, update);
    case "freeIteration":
      return freeIteration(state, update);
    default: {
      const unknown: never = update;
      throw new InternalError(
        `Cannot apply an update: its type is ${JSON.stringify((unknown as { type?: unknown } | null)?.type)}`,
      );
    }
  }
}

function registerDataset(state: DispatcherState, update: RegisterDataset): void {
  const { datasetId, format, fingerprint, metadata, requestId } = update;
  const graph = state.definitions.get(fingerprint) ?? update.graph;
  state.definitions.set(fingerprint, graph);
  state.datasets.set(datasetId, { id: datasetId, format, graph, fingerprint, metadata });
  remember(state.requests.datasets, requestId, datasetId);
  while (state.datasets.has(String(state.next.dataset))) state.next.dataset++;
}

function createJob(state: DispatcherState, update: CreateJob): void {
  const { jobId, name, named, datasetId, policy, numConsumers, useCrossTrainerCache, targetWorkers } = update;
  state.jobs.set(jobId, {
    id: jobId,
    name,
    named,
    datasetId,
    policy,
    numConsumers,
    useCrossTrainerCache,
    targetWorkers,
    guarantee: firstGuarantee(update),
    iterations: new Map(),
    finished: [],
    numDropped: 0,
  });
  state.jobsByName.set(name, jobId);
  remember(state.requests.jobs, update.requestId, jobId);
  state.next.job = Math.max(state.next.job, jobId + 1);
}
