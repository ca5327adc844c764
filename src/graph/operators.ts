/** The table of operators. */

import type { GraphNode, OpName } from "./nodes.ts";
import type { AnyOperator, Operator } from "./operator.ts";
import { batch, paddedBatch, rebatch, unbatch, window } from "./operators/batching.ts";
import { chooseFromDatasets, concatenate, sampleFromDatasets, zip } from "./operators/combining.ts";
import {
  cache,
  enumerate,
  ignoreErrors,
  options,
  prefetch,
  repeat,
  shard,
  shuffle,
  skip,
  take,
} from "./operators/flow.ts";
import {
  bucketBySequenceLength,
  filter,
  flatMap,
  groupByWindow,
  interleave,
  map,
  scan,
  takeWhile,
} from "./operators/functions.ts";
import { dataService, readFiles, tfDataService } from "./operators/readers.ts";
import { fromArray, fromGenerator, fromTensorSlices, listFiles, random, range } from "./operators/sources.ts";

const OPERATORS: { readonly [O in OpName]: Operator<Extract<GraphNode, { op: O }>> } = {
  batch,
  bucketBySequenceLength,
  cache,
  chooseFromDatasets,
  concatenate,
  dataService,
  enumerate,
  filter,
  flatMap,
  fromArray,
  fromGenerator,
  fromTensorSlices,
  groupByWindow,
  ignoreErrors,
  interleave,
  listFiles,
  map,
  options,
  paddedBatch,
  prefetch,
  random,
  range,
  readFiles,
  rebatch,
  repeat,
  sampleFromDatasets,
  scan,
  shard,
  shuffle,
  skip,
  take,
  takeWhile,
  tfDataService,
  unbatch,
  window,
  zip,
};

/** Whether `name` is the name of an operator. */
export function isOpName(name: unknown): name is OpName {
  return typeof name === "string" && Object.hasOwn(OPERATORS, name);
}

/** The definition of a node's operator. */
export function operatorOf(node: { readonly op: OpName }): AnyOperator {
  return OPERATORS[node.op];
}

/** The names of all operators. */
export const OP_NAMES: readonly OpName[] = Object.keys(OPERATORS) as OpName[];
