import type { ElementSpec } from "../element/mod.ts";
import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";
import { fold } from "./walk.ts";

/** The spec that every element of a dataset has, as far as it can be told without running the user's code; else any. */
export function elementSpecOf(root: GraphNode): ElementSpec {
  return fold<ElementSpec>(root, (node, inputs) => operatorOf(node).spec(node, inputs));
}
