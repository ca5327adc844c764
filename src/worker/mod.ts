/**
 * Floor 5: the worker. It keeps in touch with the dispatcher, runs the pipelines of its tasks, and gives their
 * elements to readers.
 *
 * @module
 */
export type { DirectAccess } from "./direct_access.ts";
export type { Progress } from "./core/session.ts";
export type { AcknowledgeOutcome, OpenRequest } from "./core/session_book.ts";
export type { TaskIdentity } from "./core/task_table.ts";
export { createInProcessHost, type InProcessHostOptions } from "./host/in_process.ts";
export type { GraphLoader, TaskDefinition, TaskHandle, TaskHost } from "./host/task_host.ts";
export type { Acknowledgement, StreamRequest } from "./runners/task_runner.ts";
export { createWorker, type Worker, type WorkerOptions, type WorkerSettings } from "./worker.ts";
