import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";

/**
 * Computes a value for each node of a pipeline out of its inputs' values, and gives the root's. `deterministic` is
 * what the options above a node say of parallel operators. What is below a `dataService` is not part of the
 * pipeline. Without recursion: graphs may be deeper than the call stack.
 */
export function foldPipeline<T>(
  root: GraphNode,
  visit: (node: GraphNode, inputs: readonly T[], deterministic: boolean) => T,
): T {
  // A shared node may stand below different options: it has a value under each.
  const values = [new Map<GraphNode, T>(), new Map<GraphNode, T>()];
  const stack = [{ node: root, deterministic: true, isOpen: false }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const { node, deterministic } = top;
    const known = values[Number(deterministic)];
    const below = node.op === "options" ? node.deterministic ?? deterministic : deterministic;
    const inputs: readonly GraphNode[] = operatorOf(node).remoteInputs ? [] : node.inputs;
    if (known.has(node)) stack.pop();
    else if (top.isOpen) {
      stack.pop();
      known.set(node, visit(node, inputs.map((input) => values[Number(below)].get(input)!), deterministic));
    } else {
      top.isOpen = true;
      for (const input of inputs) stack.push({ node: input, deterministic: below, isOpen: false });
    }
  }
  return values[1].get(root)!;
}
