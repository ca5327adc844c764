/**
 * The part of Sluice that runs anywhere, browsers included: datasets, reading them through a service, elements and
 * errors. The whole of it, servers too, is in the main module.
 *
 * ```ts
 * import { Dataset } from "@sluice/data/client";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await Dataset.range(3).map((x) => x * 2).toArray(), [0, 2, 4]);
 * ```
 *
 * @module
 */
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
} from "./base/mod.ts";
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
  type ServicePlace,
  type ShuffleOptions,
  type Slice,
  udf,
  type Unbatched,
  type ValueOf,
  type WindowOptions,
} from "./dataset/mod.ts";
export type { DType, Element, ElementSpec, Tensor, TypedArray } from "./element/mod.ts";
export {
  INFINITE_CARDINALITY,
  SHARD_HINT,
  ShardingPolicy,
  UNKNOWN_CARDINALITY,
  type UserFunction,
} from "./graph/mod.ts";
