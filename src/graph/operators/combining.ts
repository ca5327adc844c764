/** Operators on several datasets. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { finite, integer, listOf, nullable } from "../attributes.ts";
import { shortest, sum } from "../cardinality_rules.ts";
import { INFINITE_CARDINALITY, UNKNOWN_CARDINALITY } from "../constants.ts";
import type { ChooseFromDatasetsNode, ConcatenateNode, SampleFromDatasetsNode, ZipNode } from "../nodes.ts";
import type { Operator } from "../operator.ts";
import { mergeAll } from "../spec_rules.ts";

const ONE_OR_MORE = { min: 1, max: Infinity };

/** One after the other. */
export const concatenate: Operator<ConcatenateNode> = {
  arity: ONE_OR_MORE,
  attributes: {},
  cardinality: (_node, inputs) => sum(inputs),
  spec: (_node, inputs) => mergeAll(inputs),
};

/** Side by side. */
export const zip: Operator<ZipNode> = {
  arity: ONE_OR_MORE,
  attributes: {},
  cardinality: (_node, inputs) => shortest(inputs),
  spec: (_node, inputs) => ({ kind: "tuple", items: inputs }),
};

/** Drawn at random. */
export const sampleFromDatasets: Operator<SampleFromDatasetsNode> = {
  arity: ONE_OR_MORE,
  attributes: { weights: nullable(listOf(finite)), seed: nullable(integer()) },
  check({ inputs, weights }) {
    if (weights === null) return;
    if (weights.length !== inputs.length) {
      throw new InvalidArgumentError(
        `\`weights\` must have as many entries as there are datasets (${inputs.length}), got ${weights.length}`,
      );
    }
    const negative = weights.findIndex((weight) => weight < 0);
    if (negative >= 0) {
      throw new InvalidArgumentError(`\`weights[${negative}]\` must be >= 0, got ${weights[negative]}`);
    }
    if (weights.every((weight) => weight === 0)) {
      throw new InvalidArgumentError("`weights` must have a sum > 0, got only zeros");
    }
  },
  cardinality({ weights }, inputs) {
    const drawn = inputs.filter((_count, i) => weights === null || weights[i] > 0);
    if (drawn.includes(INFINITE_CARDINALITY)) return INFINITE_CARDINALITY;
    return drawn.length === inputs.length ? sum(inputs) : UNKNOWN_CARDINALITY;
  },
  spec: (_node, inputs) => mergeAll(inputs),
};

/** In the order of another dataset's numbers. */
export const chooseFromDatasets: Operator<ChooseFromDatasetsNode> = {
  arity: { min: 2, max: Infinity },
  attributes: {},
  cardinality(_node, inputs) {
    const choices = inputs[inputs.length - 1];
    if (choices === 0) return 0;
    // Each choice gives an element as long as no dataset can run out.
    const endless = inputs.slice(0, -1).every((count) => count === INFINITE_CARDINALITY);
    return endless ? choices : UNKNOWN_CARDINALITY;
  },
  spec: (_node, inputs) => mergeAll(inputs.slice(0, -1)),
  replicatedInput: ({ inputs }) => inputs.length - 1,
};
