/** Counting elements without running anything. */

import type { GraphNode } from "./nodes.ts";
import type { CardinalityFacts } from "./operator.ts";
import { operatorOf } from "./operators.ts";
import { fold } from "./walk.ts";

const NO_FACTS: CardinalityFacts = { fileCount: () => undefined };

/**
 * The number of elements of a dataset by tf.data's rules; {@linkcode INFINITE_CARDINALITY} (-1) if it never ends,
 * {@linkcode UNKNOWN_CARDINALITY} (-2) if only running it can tell.
 */
export function cardinalityOf(root: GraphNode): number {
  return countWith(root, NO_FACTS);
}

/** As {@linkcode cardinalityOf}, with facts that the graph does not hold. */
export function countWith(root: GraphNode, facts: CardinalityFacts): number {
  return fold<number>(root, (node, inputs) => operatorOf(node).cardinality(node, inputs, facts));
}
