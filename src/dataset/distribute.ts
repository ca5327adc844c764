import { checkNode, type DataServiceNode, type DataServiceOptions, type GraphNode } from "../graph/mod.ts";
import { type Dataset, datasetOf } from "./dataset.ts";
import { completeDistributeOptions, type DistributeOptions } from "./distribute_options.ts";
import { nodeOf } from "./nodes/combining.ts";

/**
 * Has a dataset processed by the workers of a data service, and reads the elements that they make: a
 * transformation for {@linkcode Dataset.apply}. Operators before it run on the workers, operators after it in this
 * process. Nothing is sent before the first element is read.
 *
 * A pass of a reader joins a pass of the job: without a `jobName` it has the job for itself. What is promised when
 * processes die depends on `processingMode`, see {@linkcode ShardingPolicy}.
 *
 * Errors of reading: `UnavailableError` when the dispatcher stays unreachable for `dispatcherTimeoutMs`,
 * `InvalidArgumentError` when the dataset cannot be registered (a function with outer variables, say, is named) or
 * a job of that name has other parameters, and whatever the workers' pipelines throw.
 *
 * @param options where the service is and how it is to divide the work
 * @returns the transformation
 * @throws {InvalidArgumentError} naming the option, before anything is sent
 *
 * @example
 * ```ts
 * import { Dataset, distribute, ShardingPolicy } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const squares = Dataset.range(10)
 *   .map((x) => x * x)
 *   .apply(distribute({ processingMode: ShardingPolicy.DYNAMIC, service: "http://localhost:5050" }));
 * // for await (const square of squares) ... now reads from the workers of that service.
 * assertEquals(squares.cardinality, -2);
 * ```
 */
export function distribute<T>(options: DistributeOptions): (dataset: Dataset<T>) => Dataset<T> {
  const complete = completeDistributeOptions(options);
  return (dataset) => datasetOf(dataServiceNode([nodeOf("dataset", dataset)], complete));
}

/** The node that reads through a service. */
export function dataServiceNode(
  inputs: readonly [] | readonly [GraphNode],
  options: DataServiceOptions,
): DataServiceNode {
  return checkNode({ op: "dataService", inputs, options });
}
