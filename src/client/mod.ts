/**
 * Floor 5: readers. Registers datasets with a dispatcher, and reads their elements from the workers.
 *
 * @module
 */
export type { CompressionWish } from "./compression_wish.ts";
export {
  createDataServiceReader,
  type ServiceReaders,
  type ServiceReading,
  type ServiceReadingOptions,
} from "./data_service_reader.ts";
export type { ReaderEnvironment, ServiceEnvironment } from "./environment.ts";
export { fetchMetadata, type FetchMetadataOptions, type RegisteredMetadata } from "./fetch_metadata.ts";
export { type LocalWorker, LocalWorkers, localWorkers } from "./local_workers.ts";
export { registerDataset, type RegisterDatasetOptions } from "./register_dataset.ts";
export {
  checkpointObstacle,
  checkServiceCheckpoint,
  consumedOf,
  consumedText,
  inTheWay,
  type ServiceCheckpoint,
} from "./service_checkpoint.ts";
export { callPatiently, type Patience } from "./patience.ts";
