import { checkKeys, checkString } from "../base/mod.ts";
import { registerDataset as register } from "../client/mod.ts";
import type { Dataset } from "./dataset.ts";
import {
  checkCompression,
  checkDispatcherTimeout,
  checkService,
  type DistributeCompression,
} from "./distribute_options.ts";
import { currentEnvironment } from "./environment.ts";
import { nodeOf } from "./nodes/combining.ts";
import { checkReaderOptions, type ReaderOptions } from "./reader.ts";

/** How a dataset is registered. */
export interface RegisterDatasetOptions extends ReaderOptions {
  /**
   * How blocks are compressed on their way to readers. `"AUTO"` does so where it helps; null never does.
   *
   * @default "AUTO"
   */
  compression?: DistributeCompression;
  /**
   * The id to register under, so that readers can know it beforehand. A dataset that is registered under it already
   * stays, and its structure must be the same.
   *
   * @default a new id, chosen by the dispatcher
   */
  datasetId?: string;
  /**
   * How long an unreachable dispatcher is called, in milliseconds.
   *
   * @default 300_000
   */
  dispatcherTimeoutMs?: number;
}

const KNOWN = ["compression", "datasetId", "dispatcherTimeoutMs", "signal"];

/**
 * Registers a dataset with a service, for {@linkcode fromDatasetId} here or in other programs.
 *
 * @param service the dispatcher's target, such as `"http://localhost:5050"`
 * @param dataset what the workers are to process
 * @param options under which id, and how long to try
 * @returns the dataset's id
 * @throws {InvalidArgumentError} if an argument is not valid, a function of the dataset cannot travel (naming the
 * outer variable), or the id belongs to a dataset of another structure
 * @throws {NotFoundError} if a local module of a `udf()` does not exist
 * @throws {UnavailableError} naming the dispatcher, if it stays unreachable for `dispatcherTimeoutMs`
 *
 * @example A function that could not run elsewhere is refused before anything is sent
 * ```ts
 * import { Dataset, InvalidArgumentError, registerDataset } from "@sluice/data";
 * import { assertRejects } from "@std/assert";
 *
 * const offset = 10;
 * const dataset = Dataset.range(5).map((x) => x + offset);
 * await assertRejects(() => registerDataset("localhost:5050", dataset), InvalidArgumentError, "offset");
 * ```
 */
export async function registerDataset(
  service: string,
  dataset: Dataset<unknown>,
  options: RegisterDatasetOptions = {},
): Promise<string> {
  const target = checkService(service);
  const graph = nodeOf("dataset", dataset);
  checkKeys("options", options, KNOWN);
  const { compression, datasetId, dispatcherTimeoutMs, signal } = options;
  const complete = {
    environment: currentEnvironment(),
    compression: checkCompression(compression),
    datasetId: datasetId === undefined ? null : checkString("datasetId", datasetId),
    dispatcherTimeoutMs: checkDispatcherTimeout(dispatcherTimeoutMs),
    signal: checkReaderOptions({ signal }).signal,
  };
  signal?.throwIfAborted();
  return await register(target, graph, complete);
}
