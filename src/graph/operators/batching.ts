/** Operators that put elements together and take them apart. */

import { boolean, element, size } from "../attributes.ts";
import { batchedSpec, paddedBatchedSpec, unbatchedSpec } from "../batched_spec.ts";
import { batches, ifFinite } from "../cardinality_rules.ts";
import { UNKNOWN_CARDINALITY } from "../constants.ts";
import type { BatchNode, PaddedBatchNode, RebatchNode, UnbatchNode, WindowNode } from "../nodes.ts";
import { ONE_INPUT, type Operator } from "../operator.ts";

/** Successive elements as one. */
export const batch: Operator<BatchNode> = {
  arity: ONE_INPUT,
  attributes: { size, dropRemainder: boolean },
  cardinality: ({ size, dropRemainder }, [input]) => batches(input, size, dropRemainder),
  spec: ({ size, dropRemainder }, [input]) => batchedSpec(input, dropRemainder ? size : null),
};

/** Successive elements, padded to one shape, as one. */
export const paddedBatch: Operator<PaddedBatchNode> = {
  arity: ONE_INPUT,
  attributes: { size, dropRemainder: boolean, paddedShapes: element, paddingValues: element },
  cardinality: ({ size, dropRemainder }, [input]) => batches(input, size, dropRemainder),
  spec: ({ size, dropRemainder, paddedShapes }, [input]) =>
    paddedBatchedSpec(input, dropRemainder ? size : null, paddedShapes !== null),
};

/** How many parts all batches of the input have: told by its operator where all batches are full. */
function parts({ inputs: [input] }: UnbatchNode | RebatchNode, batchCount: number): number {
  return ifFinite(batchCount, (count) => {
    if (count === 0) return 0;
    const full = (input.op === "batch" || input.op === "paddedBatch" || input.op === "rebatch") &&
      input.dropRemainder;
    return full ? count * input.size : UNKNOWN_CARDINALITY;
  });
}

/** The parts of each batch. */
export const unbatch: Operator<UnbatchNode> = {
  arity: ONE_INPUT,
  attributes: {},
  cardinality: (node, [input]) => parts(node, input),
  spec: (_node, [input]) => unbatchedSpec(input),
};

/** Batches of another size. */
export const rebatch: Operator<RebatchNode> = {
  arity: ONE_INPUT,
  attributes: { size, dropRemainder: boolean },
  cardinality: (node, [input]) => batches(parts(node, input), node.size, node.dropRemainder),
  spec: ({ size, dropRemainder }, [input]) => batchedSpec(unbatchedSpec(input), dropRemainder ? size : null),
};

/** Arrays of neighbouring elements. */
export const window: Operator<WindowNode> = {
  arity: ONE_INPUT,
  attributes: { size, shift: size, stride: size, dropRemainder: boolean },
  cardinality: ({ size, shift, stride, dropRemainder }, [input]) =>
    ifFinite(input, (count) => {
      if (!dropRemainder) return Math.ceil(count / shift);
      const beyondFirst = count - ((size - 1) * stride + 1);
      return beyondFirst < 0 ? 0 : Math.floor(beyondFirst / shift) + 1;
    }),
  spec: (_node, [input]) => ({ kind: "list", item: input }),
};
