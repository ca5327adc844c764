/** Operators without an input: where elements come from. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { type Element, type ElementSpec, inferSpec, slices } from "../../element/mod.ts";
import { boolean, element, elements, fn, integer, listOf, nullable, string, whole } from "../attributes.ts";
import { scalarSpec, sliceSpec } from "../batched_spec.ts";
import { unknownCount } from "../cardinality_rules.ts";
import { INFINITE_CARDINALITY, UNKNOWN_CARDINALITY } from "../constants.ts";
import type {
  FromArrayNode,
  FromGeneratorNode,
  FromTensorSlicesNode,
  ListFilesNode,
  RandomNode,
  RangeNode,
} from "../nodes.ts";
import { NO_INPUT, type Operator } from "../operator.ts";
import { anySpec, mapFields, NUMBER, specOfAll, STRING } from "../spec_rules.ts";

function rangeLength({ start, stop, step }: RangeNode): number {
  return Math.max(0, Math.ceil((stop - start) / step));
}

/** Numbers in order. */
export const range: Operator<RangeNode> = {
  arity: NO_INPUT,
  attributes: { start: whole, stop: whole, step: whole },
  check({ step }) {
    if (step === 0) throw new InvalidArgumentError("`step` must be a whole number other than 0, got 0");
  },
  cardinality: rangeLength,
  spec: () => NUMBER,
  source: (node) => ({ kind: "indexes", count: rangeLength(node) }),
};

/** The items of an array. */
export const fromArray: Operator<FromArrayNode> = {
  arity: NO_INPUT,
  attributes: { items: elements },
  cardinality: ({ items }) => items.length,
  spec: ({ items }) => specOfAll(items),
  source: ({ items }) => ({ kind: "indexes", count: items.length }),
};

/** Slices along the first axis. */
export const fromTensorSlices: Operator<FromTensorSlicesNode> = {
  arity: NO_INPUT,
  attributes: { tensor: element },
  check: ({ tensor }) => void slices(tensor),
  cardinality: ({ tensor }) => slices(tensor).length,
  spec: ({ tensor }) => slicedSpec(tensor),
  source: ({ tensor }) => ({ kind: "indexes", count: slices(tensor).length }),
};

function slicedSpec(tensor: Element): ElementSpec {
  if (Array.isArray(tensor)) return specOfAll(tensor);
  const spec = inferSpec(tensor);
  if (spec.kind === "tensor") return sliceSpec(spec.dtype, spec.shape!.slice(1));
  if (spec.kind === "typedArray") return scalarSpec(spec.dtype);
  return mapFields(tensor as { readonly [key: string]: Element }, slicedSpec);
}

/** What a generator function yields. */
export const fromGenerator: Operator<FromGeneratorNode> = {
  arity: NO_INPUT,
  attributes: { fn },
  cardinality: unknownCount,
  spec: anySpec,
  // One split stands for the whole run: nobody can enter a generator in its middle.
  source: () => ({ kind: "indexes", count: 1 }),
};

/** An endless random sequence. */
export const random: Operator<RandomNode> = {
  arity: NO_INPUT,
  attributes: { seed: nullable(integer()) },
  cardinality: () => INFINITE_CARDINALITY,
  spec: () => NUMBER,
  source: () => ({ kind: "indexes", count: -1 }),
};

/** File names. */
export const listFiles: Operator<ListFilesNode> = {
  arity: NO_INPUT,
  attributes: { patterns: listOf(string, { min: 1 }), shuffle: boolean, seed: nullable(integer()) },
  cardinality: (node, _inputs, facts) => facts.fileCount(node) ?? literalCount(node),
  spec: () => STRING,
  source: ({ patterns, shuffle, seed }) => ({ kind: "files", count: -2, patterns, shuffle, seed }),
};

/** A path without glob characters, and any URL, names exactly one file, or reading fails. */
function literalCount({ patterns }: ListFilesNode): number {
  const literal = patterns.every((pattern) =>
    /^[a-z][a-z0-9+.-]*:\/\//i.test(pattern) || !/[*?[\]{}()!]/.test(pattern)
  );
  return literal ? patterns.length : UNKNOWN_CARDINALITY;
}
