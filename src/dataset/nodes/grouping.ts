/** Nodes that gather elements which belong together. */

import { checkKeys } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import {
  type BucketBySequenceLengthNode,
  checkNode,
  type GraphNode,
  type GroupByWindowNode,
} from "../../graph/mod.ts";
import type { Dataset } from "../dataset.ts";
import type { CaptureOptions, FunctionContext } from "../function_context.ts";
import { functionRef } from "../udf.ts";
import type { PaddingOptions } from "./batching.ts";

/** How `groupByWindow` gathers elements of type `T` under keys of type `K`. */
export interface GroupByWindowOptions<T, K, U, C = unknown> extends CaptureOptions<C> {
  /** The key of an element: a number, string, boolean or bigint, or an array or record of them. */
  key: (element: T, context: FunctionContext<C>) => K | Promise<K>;
  /** What becomes of a window: the elements of one key, at most `size` of them. */
  reduce: (key: K, window: Dataset<T>, context: FunctionContext<C>) => Dataset<U> | Promise<Dataset<U>>;
  /** How many elements a full window has: a number, or a function of its key. At least 1. */
  size: number | ((key: K, context: FunctionContext<C>) => number | Promise<number>);
}

/** How `bucketBySequenceLength` sorts elements of type `T` into buckets. */
export interface BucketOptions<T, C = unknown> extends CaptureOptions<C>, PaddingOptions {
  /** The length of an element. */
  length: (element: T, context: FunctionContext<C>) => number | Promise<number>;
  /** Limits of the buckets, growing: bucket `i` takes lengths below `boundaries[i]`, the last one all others. */
  boundaries: number[];
  /** Size of the batches of each bucket: one more than `boundaries`. */
  batchSizes: number[];
  /**
   * Whether the last batches of the buckets are left out where they are not full.
   *
   * @default false
   */
  dropRemainder?: boolean;
}

/** Windows of elements of one key. */
export function groupByWindowNode<T, K, U, C>(
  input: GraphNode,
  options: GroupByWindowOptions<T, K, U, C>,
): GroupByWindowNode {
  checkKeys("options", options ?? null, ["key", "reduce", "size", "captures"]);
  const { key, reduce, size, captures } = options;
  return checkNode({
    op: "groupByWindow",
    inputs: [input],
    key: functionRef(key, captures),
    reduce: functionRef(reduce, captures),
    size: typeof size === "function" ? functionRef(size, captures) : size,
  });
}

/** Padded batches of elements of like length. */
export function bucketNode<T, C>(
  input: GraphNode,
  options: BucketOptions<T, C>,
): BucketBySequenceLengthNode {
  checkKeys("options", options ?? null, [
    "length",
    "boundaries",
    "batchSizes",
    "dropRemainder",
    "paddedShapes",
    "paddingValues",
    "captures",
  ]);
  const { dropRemainder = false, paddedShapes = null, paddingValues = null } = options;
  return checkNode({
    op: "bucketBySequenceLength",
    inputs: [input],
    length: functionRef(options.length, options.captures),
    boundaries: copied(options.boundaries),
    batchSizes: copied(options.batchSizes),
    dropRemainder,
    paddedShapes: paddedShapes as Element,
    paddingValues: paddingValues as Element,
  });
}

/** A copy, so that the caller's array does not change the graph; what is no array is left to be refused. */
function copied<T>(array: T[]): T[] {
  return Array.isArray(array) ? [...array] : array;
}
