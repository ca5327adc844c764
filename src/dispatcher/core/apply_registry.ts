/** Updates of datasets and jobs: what outlives iterations, and when that may go. */

import { firstGuarantee } from "./guarantee.ts";
import { known } from "./lookup.ts";
import { remember } from "./recent.ts";
import type { DispatcherState, Job } from "./state.ts";
import type {
  AdoptDataset,
  CreateJob,
  FreeDataset,
  FreeJob,
  RegisterDataset,
  SettleCompression,
} from "./updates.ts";

/** Adds a dataset; equal definitions share their bytes. */
export function registerDataset(state: DispatcherState, update: RegisterDataset): void {
  const { datasetId, format, fingerprint, metadata, requestId, renewable, at } = update;
  const graph = state.definitions.get(fingerprint) ?? update.graph;
  state.definitions.set(fingerprint, graph);
  state.definitionUses.set(fingerprint, (state.definitionUses.get(fingerprint) ?? 0) + 1);
  state.datasets.set(datasetId, {
    id: datasetId,
    format,
    graph,
    fingerprint,
    metadata,
    renewable,
    uses: 0,
    idleSince: at,
  });
  if (renewable) state.idleDatasets.add(datasetId);
  remember(state.requests.datasets, requestId, datasetId);
  while (state.datasets.has(String(state.next.dataset))) state.next.dataset++;
}

/** Notes whether a dataset's elements travel uncompressed. The first decision stays. */
export function settleCompression(state: DispatcherState, { datasetId, disabled }: SettleCompression): void {
  known(state.datasets.get(datasetId), `dataset "${datasetId}"`).compressionDisabled ??= disabled;
}

/** Forgets a dataset that no iteration uses, and its definition with the last dataset that has it. */
export function freeDataset(state: DispatcherState, { datasetId }: FreeDataset): void {
  const { fingerprint } = known(state.datasets.get(datasetId), `dataset "${datasetId}"`);
  state.datasets.delete(datasetId);
  state.idleDatasets.delete(datasetId);
  const others = known(state.definitionUses.get(fingerprint), `definition ${fingerprint}`) - 1;
  if (others > 0) return void state.definitionUses.set(fingerprint, others);
  state.definitionUses.delete(fingerprint);
  state.definitions.delete(fingerprint);
}

/** An iteration reads a dataset. */
export function useDataset(state: DispatcherState, datasetId: string): void {
  known(state.datasets.get(datasetId), `dataset "${datasetId}"`).uses++;
  state.idleDatasets.delete(datasetId);
}

/** An iteration that read a dataset is gone. */
export function letGoOfDataset(state: DispatcherState, datasetId: string, at: number): void {
  const dataset = known(state.datasets.get(datasetId), `dataset "${datasetId}"`);
  dataset.uses--;
  if (dataset.uses > 0 || !dataset.renewable) return;
  dataset.idleSince = at;
  state.idleDatasets.add(datasetId);
}

/** Adds a job without iterations. */
export function createJob(state: DispatcherState, update: CreateJob): void {
  const { jobId, name, named, datasetId, policy, numConsumers, useCrossTrainerCache, targetWorkers } = update;
  const job: Job = {
    id: jobId,
    name,
    named,
    datasetId,
    policy,
    numConsumers,
    useCrossTrainerCache,
    targetWorkers,
    guarantee: firstGuarantee(update),
    weakness: update.weakness,
    iterations: new Map(),
    finished: [],
    numDropped: 0,
    idleSince: 0,
  };
  state.jobs.set(jobId, job);
  state.jobsByName.set(name, jobId);
  rest(state, job, update.at);
  remember(state.requests.jobs, update.requestId, jobId);
  state.next.job = Math.max(state.next.job, jobId + 1);
}

/** Gives a job whose dataset was forgotten another one. */
export function adoptDataset(state: DispatcherState, { jobId, datasetId, weakness }: AdoptDataset): void {
  const job = known(state.jobs.get(jobId), `job ${jobId}`);
  job.datasetId = datasetId;
  job.weakness = weakness;
}

/** Forgets a job without iterations. */
export function freeJob(state: DispatcherState, { jobId }: FreeJob): void {
  const { name } = known(state.jobs.get(jobId), `job ${jobId}`);
  state.jobs.delete(jobId);
  state.jobsByName.delete(name);
  state.idleJobs.named.delete(jobId);
  state.idleJobs.unnamed.delete(jobId);
}

/** A job has an iteration. */
export function wake(state: DispatcherState, job: Job): void {
  state.idleJobs[job.named ? "named" : "unnamed"].delete(job.id);
}

/** A job has no iteration any more. */
export function rest(state: DispatcherState, job: Job, at: number): void {
  job.idleSince = at;
  state.idleJobs[job.named ? "named" : "unnamed"].add(job.id);
}
