/** The node that reads a stock tf.data service. */

import { checkKeys, checkString, InvalidArgumentError, show } from "../../base/mod.ts";
import { checkSpec, type ElementSpec } from "../../element/mod.ts";
import { checkNode, type TfDataServiceNode } from "../../graph/mod.ts";
import { completeDistributeOptions, type DistributeOptions } from "../distribute_options.ts";

/**
 * How a dataset of a stock tf.data service is read: options of `distribute()`, and which dataset of which service.
 *
 * @example
 * ```ts
 * import { Dataset, type FromTfDataServiceOptions } from "@sluice/data";
 *
 * const options: FromTfDataServiceOptions = {
 *   address: "localhost:5000",
 *   datasetId: "images",
 *   processingMode: "distributed_epoch",
 *   jobName: "training",
 *   elementSpec: {
 *     kind: "record",
 *     fields: { image: { kind: "tensor", dtype: "uint8", shape: [28, 28] }, label: { kind: "number" } },
 *   },
 * };
 * Dataset.fromTfDataService<{ image: unknown; label: number }>(options);
 * ```
 */
export interface FromTfDataServiceOptions extends
  Pick<
    DistributeOptions,
    | "processingMode"
    | "jobName"
    | "maxOutstandingRequests"
    | "crossTrainerCache"
    | "targetWorkers"
    | "taskRefreshIntervalMs"
    | "dispatcherTimeoutMs"
  > {
  /** The dispatcher: "localhost:5000", or its target, such as "grpc://localhost:5000". */
  address: string;
  /** The id that the dataset was registered with, or got. */
  datasetId: string;
  /**
   * What the tensors become, where it is not to be what is natural for them: a scalar of int64 can be a number, a
   * string its bytes (`{ kind: "typedArray", dtype: "uint8", length: null }`), a matrix nested arrays. It has the
   * dataset's structure: a record for a dictionary, a tuple for a tuple. Readers of a service that does not know the
   * spec need one.
   *
   * @default what the dispatcher says
   */
  elementSpec?: ElementSpec;
}

const OWN_KEYS = ["address", "datasetId", "elementSpec"];
const SHARED_KEYS = [
  "processingMode",
  "jobName",
  "maxOutstandingRequests",
  "crossTrainerCache",
  "targetWorkers",
  "taskRefreshIntervalMs",
  "dispatcherTimeoutMs",
];

/** A registered dataset of a stock service. */
export function tfDataServiceNode(options: FromTfDataServiceOptions): TfDataServiceNode {
  checkKeys("options", options ?? null, [...OWN_KEYS, ...SHARED_KEYS]);
  const { address, datasetId, elementSpec, ...shared } = options;
  const target = checkAddress(address);
  const complete = completeDistributeOptions({ ...shared, service: `http://${target}` });
  const { targetWorkers } = complete;
  if (targetWorkers === "LOCAL") {
    throw new InvalidArgumentError(
      'Local reads require local tf.data workers, but no worker of TensorFlow\'s runs in this process: `targetWorkers` must be "AUTO" or "ANY"',
    );
  }
  return checkNode({
    op: "tfDataService",
    inputs: [],
    options: {
      address: target,
      datasetId: checkString("datasetId", datasetId),
      shardingPolicy: complete.shardingPolicy,
      // As tf.data's own readers name it: equal names over different datasets must not meet, and theirs must.
      jobName: complete.jobName === null ? null : `dataset_id=/${datasetId}/${complete.jobName}`,
      elementSpec: elementSpec === undefined ? null : checkElementSpec(elementSpec),
      maxOutstandingRequests: complete.maxOutstandingRequests,
      trainerId: complete.trainerId,
      targetWorkers,
      taskRefreshIntervalMs: complete.taskRefreshIntervalMs,
      dispatcherTimeoutMs: complete.dispatcherTimeoutMs,
    },
  });
}

function checkAddress(address: unknown): string {
  const [, , host] = /^(grpc:\/\/)?([^/\s]+:\d{1,5})\/?$/.exec(checkString("address", address)) ?? [];
  if (host !== undefined) return host;
  throw new InvalidArgumentError(
    `\`address\` must be that of a dispatcher, such as "localhost:5000" or "grpc://localhost:5000", got ${
      show(address)
    }`,
  );
}

function checkElementSpec(spec: unknown): ElementSpec {
  try {
    return checkSpec(spec);
  } catch (error) {
    throw new InvalidArgumentError(`\`elementSpec\` is no element spec: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
