/**
 * Floor 5: the dispatcher. It coordinates datasets, jobs, iterations, tasks, workers and clients, and leases the
 * splits of dynamically sharded iterations; no element passes through it.
 *
 * @module
 */
export type { Guarantee } from "./core/state.ts";
export type { DeploymentMode, DispatcherSettings } from "./core/settings.ts";
export type { Update } from "./core/updates.ts";
export { type ClientView } from "./core/client_view.ts";
export { clientHeartbeat } from "./core/client_heartbeat.ts";
export type { DeepReadonly } from "./core/deep_readonly.ts";
export {
  getOrCreateIteration,
  type GetOrCreateIterationRequest,
  neededSources,
} from "./core/get_or_create_iteration.ts";
export { getOrCreateJob, type GetOrCreateJobRequest } from "./core/get_or_create_job.ts";
export type { MaybeRemoveTaskRequest } from "./core/maybe_remove_task.ts";
export { getDataset, getView, getWorkerAddresses } from "./core/read_only.ts";
export { registerDataset } from "./core/register_dataset.ts";
export { releaseIterationClient } from "./core/release_client.ts";
export type { RoundReport } from "./core/rounds.ts";
export { settleCompression } from "./core/settle_compression.ts";
export { keepSnapshot } from "./core/snapshots/keep_snapshot.ts";
export type { Dataset, StateView, TargetWorkers } from "./core/state.ts";
export { SILENT_READERS } from "./core/guarantee.ts";
export { END_OF_SPLITS, RESERVED, takeSplit, type TakeSplitRequest } from "./core/take_split.ts";
export type { TaskDefinition, TaskInfo } from "./core/task_view.ts";
export type { DatasetMetadata, TransferServer } from "./core/updates.ts";
export {
  workerHeartbeat,
  type WorkerHeartbeatReply,
  type WorkerHeartbeatRequest,
} from "./core/worker_heartbeat.ts";
export { workerUpdate, type WorkerUpdateRequest } from "./core/worker_update.ts";
export {
  checkAddress,
  checkCount,
  checkEnum,
  checkNumber64,
  checkNumbers64,
  checkPresent,
  checkText,
  checkTexts,
} from "./protocol/fields.ts";
export { checkDatasetId, MAX_GRAPH_BYTES } from "./protocol/requests.ts";
export type { ServiceParts } from "./service.ts";
export { sluiceFormat } from "./splits/sluice_format.ts";
export { createDispatcher, type Dispatcher, type DispatcherOptions } from "./dispatcher.ts";
export { createFileJournal, type FileJournalOptions } from "./journal/file_journal.ts";
export { inspectJournal, type JournalLine, type JournalSummary } from "./journal/inspect_journal.ts";
export type { LinkCall, WorkerLink } from "./worker_link.ts";
export type { Journal, Snapshots, StateSnapshot } from "./journal/journal.ts";
export type { AppendFile, JournalFiles } from "./journal/journal_files.ts";
export { createMemoryJournal, type MemoryJournalOptions } from "./journal/memory_journal.ts";
export type { DatasetFormat } from "./splits/dataset_format.ts";
export type { DispatcherStatus } from "./status.ts";
