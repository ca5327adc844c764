import { checkInteger, checkKeys, checkOneOf, checkString, InvalidArgumentError, show } from "../base/mod.ts";
import { type DataServiceOptions, ShardingPolicy } from "../graph/mod.ts";
import { normalizeTarget } from "../rpc/mod.ts";
import { CrossTrainerCache } from "./cross_trainer_cache.ts";

/** Compression of the elements on their way, see {@linkcode DistributeOptions.compression}. */
export type DistributeCompression = "AUTO" | "SNAPPY" | "ZSTD" | "GZIP" | null;

/**
 * How a dataset is read through a service.
 *
 * @example Coordinated reads: two consumers in step
 * ```ts
 * import { Dataset, distribute, type DistributeOptions, ShardingPolicy } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const options: DistributeOptions = {
 *   processingMode: ShardingPolicy.OFF,
 *   service: "http://localhost:5050",
 *   jobName: "training",
 *   consumerIndex: 0,
 *   numConsumers: 2,
 * };
 * const first = Dataset.range(100).repeat().apply(distribute(options));
 * const second = Dataset.range(100).repeat().apply(distribute({ ...options, consumerIndex: 1 }));
 * assertEquals([first.cardinality, second.cardinality], [-1, -1]);
 * ```
 */
export interface DistributeOptions {
  /** How the input is divided between the workers; `"parallel_epochs"` is OFF, `"distributed_epoch"` is DYNAMIC. */
  processingMode: ShardingPolicy | "parallel_epochs" | "distributed_epoch";
  /** The dispatcher's target, such as `"http://localhost:5050"` or `"localhost:5050"`. */
  service: string;
  /**
   * Readers with one `jobName` share one job: each element goes to one of them. Two datasets, or two programs, can
   * so feed on the same work.
   *
   * @default a job of this dataset alone
   */
  jobName?: string;
  /**
   * With `numConsumers`: which of the consumers of coordinated reads this is, from 0.
   *
   * @default no coordinated reads
   */
  consumerIndex?: number;
  /**
   * With `consumerIndex` and `jobName`: how many consumers read in step. In each round all of them get elements
   * that one worker made one after the other. Finite data end for all consumers in the same round; what does not
   * make a full round is dropped, and counted by `numDropped` in the dispatcher's status.
   *
   * @default no coordinated reads
   */
  numConsumers?: number;
  /**
   * Most blocks of elements that one reader has buffered or asked for; at least 1.
   *
   * @default as many as the reader finds useful: 16 of each worker, up to about 8 MiB of each and 32 MiB in all
   */
  maxOutstandingRequests?: number;
  /**
   * How blocks are compressed on their way. `"AUTO"` does so where it helps; null never does.
   *
   * @default "AUTO"
   */
  compression?: DistributeCompression;
  /**
   * Lets trainers share the work: each of them gets the elements of one sequence that every worker keeps a window
   * of. Needs a `jobName`; see {@linkcode CrossTrainerCache}.
   *
   * @default no cache
   */
  crossTrainerCache?: CrossTrainerCache;
  /**
   * Which workers to read from: `"LOCAL"` those of this process, `"ANY"` all, `"AUTO"` all but those that are
   * tagged as belonging to another trainer's machine.
   *
   * @default "AUTO"
   */
  targetWorkers?: "AUTO" | "ANY" | "LOCAL";
  /**
   * Time between two heartbeats of a reader, in milliseconds: how fast it learns of new workers, at least 1.
   *
   * @default 1_000
   */
  taskRefreshIntervalMs?: number;
  /**
   * Refuses the job (`InvalidArgumentError` naming the operator, when reading begins) where an element could get
   * lost or come twice if a worker dies.
   *
   * @default no promise beyond that of `processingMode`
   */
  guarantee?: "exactly-once";
  /**
   * How long calls to an unreachable dispatcher are retried, the first one and later ones, in milliseconds. A
   * warning says so after one second; then reading ends with an `UnavailableError` naming the address.
   *
   * @default 300_000
   */
  dispatcherTimeoutMs?: number;
}

const KNOWN = [
  "processingMode",
  "service",
  "jobName",
  "consumerIndex",
  "numConsumers",
  "maxOutstandingRequests",
  "compression",
  "crossTrainerCache",
  "targetWorkers",
  "taskRefreshIntervalMs",
  "guarantee",
  "dispatcherTimeoutMs",
];

/**
 * Checks and completes the options of `distribute()` and `fromDatasetId()`; `extra` names further keys that the
 * caller checks itself.
 *
 * @throws {InvalidArgumentError} naming the option
 */
export function completeDistributeOptions(
  options: DistributeOptions,
  extra: readonly string[] = [],
): DataServiceOptions {
  checkKeys("options", options ?? null, [...extra, ...KNOWN]);
  const { crossTrainerCache, guarantee } = options;
  const complete: DataServiceOptions = {
    shardingPolicy: checkProcessingMode(options.processingMode),
    service: checkService(options.service),
    datasetId: null,
    jobName: optional(options.jobName, (name) => checkString("jobName", name)),
    numConsumers: optional(options.numConsumers, (n) => checkInteger("numConsumers", n, { min: 1 })),
    consumerIndex: optional(options.consumerIndex, (i) => checkInteger("consumerIndex", i, { min: 0 })),
    maxOutstandingRequests: optional(
      options.maxOutstandingRequests,
      (n) => checkInteger("maxOutstandingRequests", n, { min: 1 }),
    ),
    compression: checkCompression(options.compression),
    trainerId: optional(crossTrainerCache, checkCache),
    targetWorkers: checkTargetWorkers(options.targetWorkers),
    taskRefreshIntervalMs: checkInteger("taskRefreshIntervalMs", options.taskRefreshIntervalMs ?? 1_000, {
      min: 1,
    }),
    dispatcherTimeoutMs: checkDispatcherTimeout(options.dispatcherTimeoutMs),
    exactlyOnce: guarantee !== undefined &&
      checkOneOf("guarantee", guarantee, ["exactly-once"]) !== undefined,
  };
  checkCoordination(complete);
  checkSharing(complete);
  return complete;
}

/** The dispatcher's target as a URL. */
export function checkService(service: unknown): string {
  return normalizeTarget(checkString("service", service));
}

/** The compression under the name that the wire has for it. */
export function checkCompression(compression: unknown = "AUTO"): DataServiceOptions["compression"] {
  switch (compression) {
    case null:
      return "NONE";
    case "AUTO":
    case "SNAPPY":
    case "ZSTD":
    case "GZIP":
      return compression;
    default:
      throw new InvalidArgumentError(
        `Invalid \`compression\` argument: it must be "AUTO", "SNAPPY", "ZSTD", "GZIP" or null, got ${
          show(compression)
        }`,
      );
  }
}

/** How long an unreachable dispatcher is called, in milliseconds. */
export function checkDispatcherTimeout(ms: unknown = 300_000): number {
  return checkInteger("dispatcherTimeoutMs", ms, { min: 0 });
}

function optional<T, U>(value: T | undefined, check: (value: T) => U): U | null {
  return value === undefined ? null : check(value);
}

function checkProcessingMode(mode: unknown): number {
  if (mode === "parallel_epochs") return ShardingPolicy.OFF;
  if (mode === "distributed_epoch") return ShardingPolicy.DYNAMIC;
  if (typeof mode === "number" && ShardingPolicy[mode] !== undefined) return mode;
  throw new InvalidArgumentError(
    `\`processingMode\` should be a \`ShardingPolicy\`, \`"parallel_epochs"\`, or \`"distributed_epoch"\`. Got ${
      show(mode)
    }`,
  );
}

function checkTargetWorkers(target: unknown = "AUTO"): DataServiceOptions["targetWorkers"] {
  const upper = typeof target === "string" ? target.toUpperCase() || "AUTO" : target; // As in tf.data, "" is "AUTO".
  return checkOneOf("targetWorkers", upper, ["AUTO", "ANY", "LOCAL"]);
}

function checkCache(cache: unknown): string {
  if (cache instanceof CrossTrainerCache) return cache.trainerId;
  throw new InvalidArgumentError(`\`crossTrainerCache\` must be a CrossTrainerCache, got ${show(cache)}`);
}

function checkCoordination(
  { consumerIndex, numConsumers, jobName, targetWorkers }: DataServiceOptions,
): void {
  if ((consumerIndex === null) !== (numConsumers === null)) {
    throw new InvalidArgumentError("`consumerIndex` and `numConsumers` must be set together or not at all");
  }
  if (consumerIndex === null || numConsumers === null) return;
  if (jobName === null) {
    throw new InvalidArgumentError("`jobName` must be set when setting `numConsumers`");
  }
  checkInteger("consumerIndex", consumerIndex, { min: 0, max: numConsumers - 1 });
  if (targetWorkers === "LOCAL") {
    throw new InvalidArgumentError(
      'Coordinated reads require non-local workers, but `targetWorkers` is "LOCAL"',
    );
  }
}

function checkSharing({ trainerId, jobName, numConsumers }: DataServiceOptions): void {
  if (trainerId === null) return;
  if (jobName === null) {
    throw new InvalidArgumentError("Cross-trainer caching requires named jobs. Got empty `jobName`");
  }
  if (numConsumers !== null) {
    throw new InvalidArgumentError("Cross-trainer caching does not support coordinated reads");
  }
}
