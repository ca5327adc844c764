/** Finding the user functions of a graph. */

import type { FunctionRef, ModuleFunction } from "./functions.ts";
import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";
import { walk } from "./walk.ts";

/** The function references among a node's attributes, by attribute. */
export function functionsOf(node: GraphNode): { readonly attribute: string; readonly ref: FunctionRef }[] {
  return Object.entries(operatorOf(node).attributes)
    .filter(([, kind]) => kind.mayBeFunction)
    .map(([attribute]) => ({ attribute, ref: node[attribute as keyof GraphNode] as unknown as FunctionRef }))
    .filter(({ ref }) => typeof ref === "object");
}

/** Every reference to a module's export in the graph, what is below `dataService` nodes included. */
export function moduleFunctionsOf(root: GraphNode): ModuleFunction[] {
  return [...walk(root)].flatMap((node) => functionsOf(node).map(({ ref }) => ref))
    .filter((ref) => ref.kind === "module");
}
