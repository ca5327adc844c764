/**
 * Floor 6: the fluent dataset, and reading it here or through a service.
 *
 * @module
 */
export type { Batched } from "./batched.ts";
export type { Checkpoint, ServicePlace } from "./checkpoint.ts";
export type { ServiceCheckpoint } from "../client/mod.ts";
export { CrossTrainerCache } from "./cross_trainer_cache.ts";
export { Dataset } from "./dataset.ts";
export { distribute } from "./distribute.ts";
export type { DistributeCompression, DistributeOptions } from "./distribute_options.ts";
export type { ElementOf } from "./element_of.ts";
export { currentEnvironment, type Environment, installEnvironment } from "./environment.ts";
export { fromDatasetId, type FromDatasetIdOptions } from "./from_dataset_id.ts";
export type { CaptureOptions, FunctionContext } from "./function_context.ts";
export type { BatchOptions, PaddedBatchOptions, PaddingOptions, WindowOptions } from "./nodes/batching.ts";
export type { SampleOptions } from "./nodes/combining.ts";
export type { CsvFileOptions, FileInput, FileOptions, ListFilesOptions } from "./nodes/files.ts";
export type { InterleaveOptions, MapOptions } from "./nodes/functions.ts";
export type { BucketOptions, GroupByWindowOptions } from "./nodes/grouping.ts";
export type { DatasetOptions, IgnoreErrorsOptions, ShuffleOptions } from "./nodes/ordering.ts";
export type { RandomOptions } from "./nodes/sources.ts";
export type { FromTfDataServiceOptions } from "./nodes/tf_data_service.ts";
export type { NestedArray, PaddedBatched } from "./padded_batched.ts";
export type { DatasetReader, ReaderOptions } from "./reader.ts";
export { registerDataset, type RegisterDatasetOptions } from "./register_dataset.ts";
export type { ScalarOf, Slice, ValueOf } from "./slice.ts";
export { udf } from "./udf.ts";
export type { Unbatched } from "./unbatched.ts";
