/** Changing parts of a graph: nodes are immutable, so what stands above a change is made anew. */

import { checkNode } from "../check_node.ts";
import type { GraphNode } from "../nodes.ts";
import { operatorOf } from "../operators.ts";
import { walkWhere } from "../walk.ts";

/** The node with other inputs; itself if they are the same. */
export function withInputs(node: GraphNode, inputs: readonly GraphNode[]): GraphNode {
  if (inputs.every((input, i) => input === node.inputs[i])) return node;
  return checkNode({ ...node, inputs } as unknown as GraphNode);
}

/** The nodes that run in this pipeline, inputs first: what is below `dataService` runs elsewhere. */
export function localNodes(root: GraphNode): Iterable<GraphNode> {
  return walkWhere(root, (node) => !operatorOf(node).remoteInputs);
}

/** The graph with each local node, its inputs changed already, replaced by what `change` makes of it. */
export function rewrite(root: GraphNode, change: (node: GraphNode) => GraphNode): GraphNode {
  const changed = new Map<GraphNode, GraphNode>();
  for (const node of localNodes(root)) {
    const inputs = node.inputs.map((input: GraphNode) => changed.get(input) ?? input);
    changed.set(node, change(withInputs(node, inputs)));
  }
  return changed.get(root)!;
}
