/** Visiting graphs without recursion: they may be deeper than the call stack. */

import type { GraphNode } from "./nodes.ts";

/**
 * Each node of a graph once, every node after its inputs. Nodes that are the same object count as one; what is
 * below a `dataService` node belongs to the graph.
 */
export function* walk(root: GraphNode): Generator<GraphNode, void, undefined> {
  yield* walkWhere(root, () => true);
}

/** As {@linkcode walk}, but the inputs of nodes that `descend` refuses are left out. */
export function* walkWhere(
  root: GraphNode,
  descend: (node: GraphNode) => boolean,
): Generator<GraphNode, void, undefined> {
  const seen = new Set<GraphNode>();
  const stack: { readonly node: GraphNode; readonly inputs: readonly GraphNode[]; next: number }[] = [];
  const open = (node: GraphNode) => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, inputs: descend(node) ? node.inputs : [], next: 0 });
  };
  open(root);
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (top.next < top.inputs.length) {
      open(top.inputs[top.next++]);
    } else {
      stack.pop();
      yield top.node;
    }
  }
}

/** Computes a value for each node out of its inputs' values, and gives the root's. */
export function fold<T>(root: GraphNode, visit: (node: GraphNode, inputs: readonly T[]) => T): T {
  const values = new Map<GraphNode, T>();
  for (const node of walk(root)) {
    values.set(node, visit(node, node.inputs.map((input: GraphNode) => values.get(input)!)));
  }
  return values.get(root)!;
}
