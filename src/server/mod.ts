/**
 * Floor 7: the servers, assembled from their parts.
 *
 * @module
 */
export type { Field, FieldKind, Fields } from "../base/mod.ts";
export type { DispatcherStatus, Guarantee } from "../dispatcher/mod.ts";
export { DispatchServer } from "./dispatch_server.ts";
export { DISPATCHER_FIELDS, type DispatcherConfig } from "./dispatcher_config.ts";
export type { TaskPermissions } from "./task_permissions.ts";
export { WORKER_FIELDS, type WorkerConfig } from "./worker_config.ts";
export { WorkerServer } from "./worker_server.ts";
