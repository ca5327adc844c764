/**
 * Sluice: a data service for ML input pipelines.
 *
 * A {@linkcode Dataset} says how elements come about. It runs in this process, or, after {@linkcode distribute}, on
 * the workers of a service.
 *
 * ```ts
 * import { Dataset } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = Dataset.range(4).map((x) => x * x).batch(2);
 * assertEquals(await batches.toArray(), [new Float64Array([0, 1]), new Float64Array([4, 9])]);
 * ```
 *
 * @module
 */
import { installEnvironment } from "./src/dataset/mod.ts";
import { portableCodecs } from "./src/element/mod.ts";
import { consoleLog, systemClock, systemRandom } from "./src/base/mod.ts";
import { createModuleBundler, denoFileSystem, nodeCodecs, ownStreams } from "./src/platform/mod.ts";
import { createTfDataServiceReader } from "./src/tensorflow/client/mod.ts";

installEnvironment({
  files: denoFileSystem,
  codecs: portableCodecs.with(nodeCodecs),
  bundle: createModuleBundler(),
  openStream: ownStreams(),
  tfDataService: createTfDataServiceReader({ clock: systemClock, random: systemRandom, log: consoleLog }),
});

export {
  AlreadyExistsError,
  CanceledError,
  DataLossError,
  DeadlineExceededError,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  SluiceError,
  type SluiceErrorCode,
  UnauthenticatedError,
  UnavailableError,
} from "./src/base/mod.ts";
export {
  type Batched,
  type BatchOptions,
  type BucketOptions,
  type CaptureOptions,
  type Checkpoint,
  CrossTrainerCache,
  type CsvFileOptions,
  Dataset,
  type DatasetOptions,
  type DatasetReader,
  distribute,
  type DistributeCompression,
  type DistributeOptions,
  type ElementOf,
  type FileInput,
  type FileOptions,
  fromDatasetId,
  type FromDatasetIdOptions,
  type FromTfDataServiceOptions,
  type FunctionContext,
  type GroupByWindowOptions,
  type IgnoreErrorsOptions,
  type InterleaveOptions,
  type ListFilesOptions,
  type MapOptions,
  type NestedArray,
  type PaddedBatched,
  type PaddedBatchOptions,
  type PaddingOptions,
  type RandomOptions,
  type ReaderOptions,
  registerDataset,
  type RegisterDatasetOptions,
  type SampleOptions,
  type ScalarOf,
  type ServiceCheckpoint,
  type ShuffleOptions,
  type Slice,
  udf,
  type Unbatched,
  type ValueOf,
  type WindowOptions,
} from "./src/dataset/mod.ts";
export type { DType, Element, ElementSpec, Tensor, TypedArray } from "./src/element/mod.ts";
export {
  INFINITE_CARDINALITY,
  SHARD_HINT,
  ShardingPolicy,
  UNKNOWN_CARDINALITY,
  type UserFunction,
} from "./src/graph/mod.ts";
export {
  type DispatcherConfig,
  type DispatcherStatus,
  DispatchServer,
  type Guarantee,
  type TaskPermissions,
  type WorkerConfig,
  WorkerServer,
} from "./src/server/mod.ts";
