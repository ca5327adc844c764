/**
 * Floor 5: the dispatcher. It coordinates datasets, jobs, iterations, tasks, workers and clients, and leases the
 * splits of dynamically sharded iterations; no element passes through it.
 *
 * @module
 */
export type { Guarantee } from "./core/state.ts";
export type { DeploymentMode, DispatcherSettings } from "./core/settings.ts";
export type { Update } from "./core/updates.ts";
export { createDispatcher, type Dispatcher, type DispatcherOptions } from "./dispatcher.ts";
export { createFileJournal, type FileJournalOptions } from "./journal/file_journal.ts";
export { inspectJournal, type JournalLine, type JournalSummary } from "./journal/inspect_journal.ts";
export type { Journal, Snapshots, StateSnapshot } from "./journal/journal.ts";
export type { AppendFile, JournalFiles } from "./journal/journal_files.ts";
export { createMemoryJournal, type MemoryJournalOptions } from "./journal/memory_journal.ts";
export type { DatasetFormat } from "./splits/dataset_format.ts";
export type { DispatcherStatus } from "./status.ts";
