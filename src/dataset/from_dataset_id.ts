import { checkString } from "../base/mod.ts";
import { type Dataset, datasetOf } from "./dataset.ts";
import { dataServiceNode } from "./distribute.ts";
import { completeDistributeOptions, type DistributeOptions } from "./distribute_options.ts";

/** How a registered dataset is read: the options of `distribute()`, and which dataset. */
export interface FromDatasetIdOptions extends DistributeOptions {
  /** What {@linkcode registerDataset} gave, or was given. */
  datasetId: string;
}

/**
 * Reads a dataset that {@linkcode registerDataset} has registered, in another program perhaps. Job names belong to
 * the dataset: readers share a job if both the `datasetId` and the `jobName` are the same. `compression` need not be
 * given; one that contradicts the registered one is refused with an `InvalidArgumentError` when reading begins.
 *
 * Reading an id that was never registered throws a `NotFoundError`.
 *
 * @param options which dataset, where the service is and how it is to divide the work
 * @throws {InvalidArgumentError} naming the option, before anything is sent
 *
 * @example
 * ```ts
 * import { fromDatasetId } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const images = fromDatasetId<Uint8Array>({
 *   datasetId: "images",
 *   processingMode: "distributed_epoch",
 *   service: "localhost:5050",
 * });
 * assertEquals(images.cardinality, -2); // not known before the service is asked
 * ```
 */
export function fromDatasetId<T = unknown>(options: FromDatasetIdOptions): Dataset<T> {
  const complete = completeDistributeOptions(options, ["datasetId"]);
  const datasetId = checkString("datasetId", options.datasetId);
  // As in tf.data service: equal job names over different datasets must not meet.
  const jobName = complete.jobName === null ? null : `dataset_id=${datasetId}/${complete.jobName}`;
  return datasetOf(dataServiceNode([], { ...complete, datasetId, jobName }));
}
