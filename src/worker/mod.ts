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
export type { ProcessSetup, TaskSettings } from "./host/process/messages.ts";
export { createProcessHost, type ProcessHostOptions } from "./host/process/process_host.ts";
export type { Ending, SpawnProcess, Subprocess } from "./host/process/subprocess.ts";
export { type DataPlane, runTaskProcess, type TaskProcessOptions } from "./host/process/task_process.ts";
export type {
  GraphLoader,
  TaskDataPlane,
  TaskDefinition,
  TaskHandle,
  TaskHost,
  ToldWaiter,
} from "./host/task_host.ts";
export { BlockOpener } from "./inspection/block_opener.ts";
export type { LaneFactory, LaneListener, LanePort } from "./lanes/lane_port.ts";
export type { FromLane, ToLane } from "./lanes/messages.ts";
export type { LaneEnvironment } from "./lanes/serve_lane.ts";
export { createWorkerLanes, serveWorkerLane } from "./lanes/worker_lanes.ts";
export type { ElementReply, ElementRequest } from "./runners/round_robin.ts";
export type { Acknowledgement, StreamRequest } from "./runners/task_runner.ts";
export type { WorkerTasks } from "./service.ts";
export { createWorker, type Worker, type WorkerOptions, type WorkerSettings } from "./worker.ts";
