/** A worker's configuration. */

import { completeConfig, type Fields, InvalidArgumentError } from "../base/mod.ts";

/** How a {@linkcode WorkerServer} runs. Times are in milliseconds. */
export interface WorkerConfig {
  /** The dispatcher: "localhost:5050" or its target. */
  dispatcherAddress: string;
  /** Port to bind; 0: any free port. @default 0 */
  port?: number;
  /** Host name or address to bind. @default "127.0.0.1" */
  hostname?: string;
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
}

/** The configuration with its defaults. */
export type CompleteWorkerConfig = Required<WorkerConfig>;

/** Every field of {@linkcode WorkerConfig}, as the command line shows it. */
export const WORKER_FIELDS: Fields = {
  dispatcherAddress: {
    kind: "string",
    required: true,
    help: 'The dispatcher: "localhost:5050" or its target',
  },
  port: { kind: "integer", min: 0, max: 65_535, default: 0, help: "Port to bind; 0: any free port" },
  hostname: { kind: "string", default: "127.0.0.1", help: "Host name or address to bind" },
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
};

/** @throws {InvalidArgumentError} for a field that is not known, lacks or holds what it may not */
export function completeWorkerConfig(config: WorkerConfig): CompleteWorkerConfig {
  const complete = completeConfig("config", WORKER_FIELDS, config) as unknown as CompleteWorkerConfig;
  if (complete.workerTags.some((tag) => tag.trim() === "")) {
    throw new InvalidArgumentError("Worker tags cannot be empty: `workerTags` holds an empty string");
  }
  return complete;
}
