/** Nodes of several datasets. */

import { checkKeys, InvalidArgumentError, show } from "../../base/mod.ts";
import {
  checkNode,
  type ChooseFromDatasetsNode,
  type ConcatenateNode,
  type GraphNode,
  graphOf,
  type SampleFromDatasetsNode,
  type ZipNode,
} from "../../graph/mod.ts";

/** Options of `Dataset.sampleFromDatasets`. */
export interface SampleOptions {
  /**
   * How often each dataset is drawn from, relative to the others; at least 0, one number for each dataset.
   *
   * @default all equal
   */
  weights?: number[];
  /**
   * A whole number that repeats the draws.
   *
   * @default undefined
   */
  seed?: number;
}

/**
 * The graph of a dataset that was given as an argument.
 *
 * @throws {InvalidArgumentError} if it is something else
 */
export function nodeOf(name: string, dataset: unknown): GraphNode {
  const node = graphOf(dataset);
  if (node === undefined) {
    throw new InvalidArgumentError(`\`${name}\` must be a Dataset, got ${show(dataset)}`);
  }
  return node;
}

/** The graphs of datasets that were given as an array or as rest arguments. */
export function nodesOf(datasets: unknown): GraphNode[] {
  if (!Array.isArray(datasets)) {
    throw new InvalidArgumentError(`\`datasets\` must be an array, got ${show(datasets)}`);
  }
  return datasets.map((dataset, i) => nodeOf(`datasets[${i}]`, dataset));
}

/** All inputs one after the other. */
export function concatenateNode(inputs: readonly GraphNode[]): ConcatenateNode {
  return checkNode({ op: "concatenate", inputs });
}

/** One element of each input. */
export function zipNode(inputs: readonly GraphNode[]): ZipNode {
  return checkNode({ op: "zip", inputs });
}

/** Elements of inputs drawn at random. */
export function sampleNode(
  inputs: readonly GraphNode[],
  options: SampleOptions = {},
): SampleFromDatasetsNode {
  checkKeys("options", options, ["weights", "seed"]);
  const { weights = null, seed = null } = options;
  return checkNode({ op: "sampleFromDatasets", inputs, weights: weights && [...weights], seed });
}

/** Elements of inputs in the order of an input of indexes. */
export function chooseNode(inputs: readonly GraphNode[], choice: GraphNode): ChooseFromDatasetsNode {
  return checkNode({ op: "chooseFromDatasets", inputs: [...inputs, choice] });
}
