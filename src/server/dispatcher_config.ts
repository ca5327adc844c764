/** The dispatcher's configuration. */

import { completeConfig, type Fields, InvalidArgumentError } from "../base/mod.ts";

/** How a {@linkcode DispatchServer} runs. Times are in milliseconds. */
export interface DispatcherConfig {
  /** Port to bind; 0: any free port. @default 0 */
  port?: number;
  /** Host name or address to bind. @default "127.0.0.1" */
  hostname?: string;
  /** Origins whose web pages may read, such as "https://app.example"; "*": all. @default [] */
  allowedOrigins?: string[];
  /** Directory for datasets and the journal. @default none */
  workDir?: string;
  /** Whether state is kept through restarts; needs `workDir`. @default false */
  faultTolerantMode?: boolean;
  /** Fixed list of workers for static sharding; where it is not empty, other workers are refused. @default [] */
  workerAddresses?: string[];
  /** Period of the clean-up of idle iterations. @default 600_000 */
  jobGcCheckIntervalMs?: number;
  /** How long an iteration without readers is kept; -1: for ever. @default 300_000 */
  jobGcTimeoutMs?: number;
  /** Silence after which a worker counts as lost. @default 60_000 */
  workerTimeoutMs?: number;
  /** Silence after which a reader is released. @default 300_000 */
  clientTimeoutMs?: number;
  /**
   * How long a task of a job that is exactly-once through the loss of workers may keep a reader waiting without any
   * progress before others get what it has; -1: for ever. @default -1
   */
  leaseTimeoutMs?: number;
  /** Whether dynamically sharded iterations are cleaned up too. @default false */
  gcDynamicShardingJobs?: boolean;
  /** Where workers run, seen from the readers' hosts. @default "remote" */
  deploymentMode?: "remote" | "colocated" | "hybrid";
  /** Snapshot streams that one worker writes at a time. @default 3 */
  workerMaxConcurrentSnapshots?: number;
  /**
   * Port of TensorFlow's own protocol, so that TensorFlow programs use this dispatcher as theirs; 0: any free port. It
   * is bound on `hostname`, and has no authentication. @default off
   */
  tfPort?: number;
}

/** The configuration with its defaults. */
export type CompleteDispatcherConfig =
  & Required<Omit<DispatcherConfig, "workDir" | "tfPort">>
  & Pick<DispatcherConfig, "workDir" | "tfPort">;

/** Every field of {@linkcode DispatcherConfig}, as the command line shows it. */
export const DISPATCHER_FIELDS: Fields = {
  port: { kind: "integer", min: 0, max: 65_535, default: 0, help: "Port to bind; 0: any free port" },
  hostname: { kind: "string", default: "127.0.0.1", help: "Host name or address to bind" },
  allowedOrigins: { kind: "strings", default: [], help: 'Origins whose web pages may read; "*": all' },
  workDir: { kind: "string", help: "Directory for datasets and the journal" },
  faultTolerantMode: {
    kind: "boolean",
    default: false,
    help: "Keep state through restarts; needs --work-dir",
  },
  workerAddresses: { kind: "strings", default: [], help: "Fixed list of workers for static sharding" },
  jobGcCheckIntervalMs: {
    kind: "integer",
    min: 1,
    default: 600_000,
    help: "Period of the clean-up of idle iterations",
  },
  jobGcTimeoutMs: {
    kind: "integer",
    min: 0,
    also: -1,
    default: 300_000,
    help: "How long an iteration without readers is kept; -1: for ever",
  },
  workerTimeoutMs: { kind: "integer", min: 1, default: 60_000, help: "Silence after which a worker is lost" },
  clientTimeoutMs: {
    kind: "integer",
    min: 1,
    default: 300_000,
    help: "Silence after which a reader is released",
  },
  leaseTimeoutMs: {
    kind: "integer",
    min: 1,
    also: -1,
    default: -1,
    help: "How long a stalled worker keeps what it has from others; -1: for ever",
  },
  gcDynamicShardingJobs: {
    kind: "boolean",
    default: false,
    help: "Clean up dynamically sharded iterations too",
  },
  deploymentMode: {
    kind: "choice",
    choices: ["remote", "colocated", "hybrid"],
    default: "remote",
    help: "Where workers run, seen from the readers' hosts",
  },
  workerMaxConcurrentSnapshots: {
    kind: "integer",
    min: 1,
    default: 3,
    help: "Snapshot streams that one worker writes at a time",
  },
  tfPort: {
    kind: "integer",
    min: 0,
    max: 65_535,
    help: "Port of TensorFlow's own protocol, without authentication; 0: any free port; off unless given",
  },
};

/** @throws {InvalidArgumentError} for a field that is not known or holds what it may not */
export function completeDispatcherConfig(config: DispatcherConfig | undefined): CompleteDispatcherConfig {
  const complete = completeConfig("config", DISPATCHER_FIELDS, config) as unknown as CompleteDispatcherConfig;
  if (complete.faultTolerantMode && complete.workDir === undefined) {
    throw new InvalidArgumentError(
      "Cannot enable fault tolerant mode without configuring a work dir: set `workDir` beside `faultTolerantMode`",
    );
  }
  for (const [i, address] of complete.workerAddresses.entries()) {
    if (isWorkerPlace(address)) continue;
    throw new InvalidArgumentError(
      `\`workerAddresses[${i}]\` must be a host, "host:port" or "host:%port%", with IPv6 addresses in brackets, got "${address}"`,
    );
  }
  return complete;
}

const WORKER_PLACE =
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:\[[0-9a-f:.]+\]|[^\s:[\]%]+)(?::(?:(\d{1,5})|%port(?:_[\w-]+)?%))?$/i;

/** Whether an address can be that of a worker, its port perhaps any: a place that nobody can take is a mistake. */
function isWorkerPlace(address: string): boolean {
  const match = WORKER_PLACE.exec(address);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}
