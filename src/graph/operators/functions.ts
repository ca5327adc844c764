/** Operators that call the user's functions. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { boolean, element, fn, integer, listOf, nullable, size, sizeOrFn } from "../attributes.ts";
import { paddedBatchedSpec } from "../batched_spec.ts";
import { sameCount, unknownCount } from "../cardinality_rules.ts";
import type {
  BucketBySequenceLengthNode,
  FilterNode,
  FlatMapNode,
  GroupByWindowNode,
  InterleaveNode,
  MapNode,
  ScanNode,
  TakeWhileNode,
} from "../nodes.ts";
import { ONE_INPUT, type Operator } from "../operator.ts";
import { anySpec, sameSpec } from "../spec_rules.ts";

/** A function of each element. */
export const map: Operator<MapNode> = {
  arity: ONE_INPUT,
  attributes: { fn, parallel: size, deterministic: nullable(boolean) },
  cardinality: sameCount,
  spec: anySpec,
};

/** The elements that a function picks. */
export const filter: Operator<FilterNode> = {
  arity: ONE_INPUT,
  attributes: { fn },
  cardinality: unknownCount,
  spec: sameSpec,
};

/** The elements before the first that a function refuses. */
export const takeWhile: Operator<TakeWhileNode> = {
  arity: ONE_INPUT,
  attributes: { fn },
  cardinality: unknownCount,
  spec: sameSpec,
};

/** What a function makes of each element, one after the other. */
export const flatMap: Operator<FlatMapNode> = {
  arity: ONE_INPUT,
  attributes: { fn },
  cardinality: unknownCount,
  spec: anySpec,
};

/** What a function makes of each element, in turn. */
export const interleave: Operator<InterleaveNode> = {
  arity: ONE_INPUT,
  attributes: {
    fn,
    cycleLength: size,
    blockLength: size,
    parallel: size,
    deterministic: nullable(boolean),
  },
  cardinality: unknownCount,
  spec: anySpec,
};

/** A function of a running state and each element. */
export const scan: Operator<ScanNode> = {
  arity: ONE_INPUT,
  attributes: { init: element, fn },
  cardinality: sameCount,
  spec: anySpec,
};

/** Windows of elements of one key. */
export const groupByWindow: Operator<GroupByWindowNode> = {
  arity: ONE_INPUT,
  attributes: { key: fn, reduce: fn, size: sizeOrFn },
  cardinality: unknownCount,
  spec: anySpec,
};

/** Batches of elements of like length. */
export const bucketBySequenceLength: Operator<BucketBySequenceLengthNode> = {
  arity: ONE_INPUT,
  attributes: {
    length: fn,
    boundaries: listOf(integer()),
    batchSizes: listOf(size),
    dropRemainder: boolean,
    paddedShapes: element,
    paddingValues: element,
  },
  check({ boundaries, batchSizes }) {
    if (batchSizes.length !== boundaries.length + 1) {
      throw new InvalidArgumentError(
        `\`batchSizes\` must have one entry more than \`boundaries\` (${boundaries.length}), got ${batchSizes.length}`,
      );
    }
    const wrong = boundaries.findIndex((boundary, i) => i > 0 && boundary <= boundaries[i - 1]);
    if (wrong > 0) {
      throw new InvalidArgumentError(
        `\`boundaries\` must ascend, got ${boundaries[wrong]} after ${boundaries[wrong - 1]}`,
      );
    }
  },
  cardinality: unknownCount,
  spec: (_node, [input]) => paddedBatchedSpec(input, null, true),
};
