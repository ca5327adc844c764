/** A worker's configuration. */

import { completeConfig, type Fields, InvalidArgumentError } from "../base/mod.ts";
import {
  checkPermissions,
  grantsAnything,
  PERMISSION_NAMES,
  type TaskPermissions,
} from "./task_permissions.ts";

/** How a {@linkcode WorkerServer} runs. Times are in milliseconds. */
export interface WorkerConfig {
  /** The dispatcher: "localhost:5050" or its target. */
  dispatcherAddress: string;
  /** Port to bind; 0: any free port. @default 0 */
  port?: number;
  /** Host name or address to bind. @default "127.0.0.1" */
  hostname?: string;
  /** Origins whose web pages may read, such as "https://app.example"; "*": all. @default [] */
  allowedOrigins?: string[];
  /** Address that readers use; the first "%port%" is replaced by the bound port. @default "localhost:%port%" */
  workerAddress?: string;
  /** Period of the heartbeat. @default 30_000 */
  heartbeatIntervalMs?: number;
  /** How long calls for splits to an unreachable dispatcher are tried again. @default 3_600_000 */
  dispatcherTimeoutMs?: number;
  /** Free labels; "COLOCATED" says that the worker shares its host with a reader. @default [] */
  workerTags?: string[];
  /** Bytes that the sliding window of a cross-trainer cache may hold. @default 10 GiB */
  crossTrainerCacheSizeBytes?: number;
  /** How long a stopping worker lets replies drain. @default 0 */
  shutdownQuietPeriodMs?: number;
  /**
   * How long a stopping worker that has tasks tries to hand them back to a dispatcher that is away. @default 20_000
   */
  drainTimeoutMs?: number;
  /**
   * Where tasks run: in this process, with its permissions, or each in a process of its own, which can be killed and
   * has no permissions but `permissions`. The command line's default is "process". @default "none"
   */
  isolation?: "none" | "process";
  /** What tasks in processes of their own may do; needs `isolation` "process". @default nothing */
  permissions?: TaskPermissions;
  /** The limit of a task process's JavaScript heap, in MiB. Typed arrays lie outside of it. @default 2_048 */
  taskHeapLimitMb?: number;
  /** How long a task process may keep its event loop from turning before it is killed. @default 30_000 */
  taskWatchdogMs?: number;
  /**
   * How many task processes are kept ready, so that a first element need not wait for one; and as many that had a
   * task, for the next one of the same graph. @default 1
   */
  warmTaskProcesses?: number;
  /**
   * Whether readers get the elements of task processes through the worker's own port only. For hosts on which no other
   * port can be reached; it costs about half of the speed. @default false
   */
  relayElements?: boolean;
  /** Threads of one task. One is used at first; others are started only where they pay. @default the number of cores */
  lanes?: number;
  /**
   * Port of TensorFlow's own protocol, so that TensorFlow programs can read this worker's tasks; 0: any free port. It
   * is bound on `hostname`, and has no authentication. @default off
   */
  tfPort?: number;
}

/** The configuration with its defaults. */
export type CompleteWorkerConfig = Required<Omit<WorkerConfig, "tfPort">> & Pick<WorkerConfig, "tfPort">;

/** Every field of {@linkcode WorkerConfig}, as the command line shows it. */
export const WORKER_FIELDS: Fields = {
  dispatcherAddress: {
    kind: "string",
    required: true,
    help: 'The dispatcher: "localhost:5050" or its target',
  },
  port: { kind: "integer", min: 0, max: 65_535, default: 0, help: "Port to bind; 0: any free port" },
  hostname: { kind: "string", default: "127.0.0.1", help: "Host name or address to bind" },
  allowedOrigins: { kind: "strings", default: [], help: 'Origins whose web pages may read; "*": all' },
  workerAddress: {
    kind: "string",
    default: "localhost:%port%",
    help: 'Address that readers use; "%port%" is replaced by the bound port',
  },
  heartbeatIntervalMs: { kind: "integer", min: 1, default: 30_000, help: "Period of the heartbeat" },
  dispatcherTimeoutMs: {
    kind: "integer",
    min: 1,
    default: 3_600_000,
    help: "How long calls for splits to an unreachable dispatcher are tried again",
  },
  workerTags: { kind: "strings", default: [], help: "Free labels, such as COLOCATED" },
  crossTrainerCacheSizeBytes: {
    kind: "integer",
    min: 1,
    default: 10 * 1024 ** 3,
    help: "Bytes that the window of a cross-trainer cache may hold",
  },
  shutdownQuietPeriodMs: {
    kind: "integer",
    min: 0,
    default: 0,
    help: "How long a stopping worker lets replies drain",
  },
  drainTimeoutMs: {
    kind: "integer",
    min: 0,
    default: 20_000,
    help: "How long a stopping worker tries to hand its tasks back",
  },
  isolation: {
    kind: "choice",
    choices: ["none", "process"],
    default: "none",
    help: "Where tasks run: in the worker's process, or each in one of its own",
  },
  permissions: {
    kind: "grants",
    prefix: "allow",
    names: PERMISSION_NAMES,
    default: {},
    help: "What tasks in processes of their own may do, as in Deno; by default nothing",
  },
  taskHeapLimitMb: {
    kind: "integer",
    min: 16,
    default: 2_048,
    help: "Limit of a task process's JavaScript heap, in MiB",
  },
  taskWatchdogMs: {
    kind: "integer",
    min: 1,
    default: 30_000,
    help: "How long a task process may keep its event loop from turning before it is killed",
  },
  warmTaskProcesses: {
    kind: "integer",
    min: 0,
    max: 64,
    default: 1,
    help: "How many task processes are kept ready",
  },
  relayElements: {
    kind: "boolean",
    default: false,
    help: "Let readers read task processes through the worker's port only",
  },
  lanes: {
    kind: "integer",
    min: 1,
    default: navigator.hardwareConcurrency,
    help: "Threads of one task; by default as many as there are cores",
  },
  tfPort: {
    kind: "integer",
    min: 0,
    max: 65_535,
    help: "Port of TensorFlow's own protocol; off unless given",
  },
};

/** @throws {InvalidArgumentError} for a field that is not known, lacks or holds what it may not */
export function completeWorkerConfig(config: WorkerConfig): CompleteWorkerConfig {
  const complete = completeConfig("config", WORKER_FIELDS, config) as unknown as CompleteWorkerConfig;
  if (complete.workerTags.some((tag) => tag.trim() === "")) {
    throw new InvalidArgumentError("Worker tags cannot be empty: `workerTags` holds an empty string");
  }
  checkPermissions(complete.permissions);
  if (complete.isolation === "none" && grantsAnything(complete.permissions)) {
    throw new InvalidArgumentError(
      'Cannot grant `permissions` where `isolation` is "none": tasks in the worker\'s own process have those of the ' +
        'worker. Set `isolation` to "process", or leave `permissions` out',
    );
  }
  return complete;
}
