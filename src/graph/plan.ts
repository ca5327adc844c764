/** The tree that an executor builds out of a graph, and the sources whose input can be split. */

import { InvalidArgumentError } from "../base/mod.ts";
import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";
import type { SourceInfo } from "./source_info.ts";

/** Most nodes of a plan: sharing lets a small graph stand for a tree that no memory could hold. */
export const MAX_PLANNED_NODES = 100_000;

/** One occurrence of a node in the pipeline. A node that the graph shares occurs once for each use. */
export interface PlannedNode {
  /** The node itself. */
  readonly node: GraphNode;
  /** Empty for `dataService`: what is below it runs elsewhere. */
  readonly inputs: readonly PlannedNode[];
  /** The place of a splittable source in {@linkcode sourcesOf}; null for other nodes and for sources that every task runs as a whole. */
  readonly sourceIndex: number | null;
}

interface Draft {
  readonly node: GraphNode;
  readonly inputs: Draft[];
  readonly sourceIndex: number | null;
}

/**
 * Lays the graph out as a tree. Splittable sources are numbered depth first, left to right; below an input that
 * every task runs as a whole (the choices of `chooseFromDatasets`) they get null.
 *
 * @throws {InvalidArgumentError} if the tree has more than 100,000 nodes
 */
export function planGraph(root: GraphNode): PlannedNode {
  let planned = 0;
  let sources = 0;
  const tree: Draft[] = [];
  const stack = [{ node: root, replicated: false, siblings: tree }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, replicated, siblings } = next;
    if (++planned > MAX_PLANNED_NODES) {
      throw new InvalidArgumentError(
        `Cannot plan the dataset: it has more than ${MAX_PLANNED_NODES} operators, counting shared ones for each use`,
      );
    }
    const operator = operatorOf(node);
    const sourceIndex = operator.source && !replicated ? sources++ : null;
    const draft: Draft = { node, inputs: [], sourceIndex };
    siblings.push(draft);
    if (operator.remoteInputs) continue;
    const whole = operator.replicatedInput?.(node);
    // Pushed from right to left, so that the leftmost input comes off the stack first.
    for (let i = node.inputs.length - 1; i >= 0; i--) {
      stack.push({ node: node.inputs[i], replicated: replicated || i === whole, siblings: draft.inputs });
    }
  }
  return tree[0];
}

/**
 * The sources that dynamic sharding splits, in the order of their indexes.
 *
 * @throws {InvalidArgumentError} as {@linkcode planGraph}
 */
export function sourcesOf(root: GraphNode): SourceInfo[] {
  const sources: SourceInfo[] = [];
  const stack = [planGraph(root)];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, inputs, sourceIndex } = next;
    if (sourceIndex !== null) sources.push({ index: sourceIndex, ...operatorOf(node).source!(node) });
    for (let i = inputs.length - 1; i >= 0; i--) stack.push(inputs[i]);
  }
  return sources;
}
