import type { ElementSpec } from "../element/mod.ts";
import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";
import { NUMBER } from "./spec_rules.ts";
import { fold } from "./walk.ts";

/**
 * The nodes whose elements must be seen for {@linkcode elementSpecOf} to know all of the root's: those nearest to the
 * root whose operator alone, the user's function mostly, decides what they give. None where the graph knows already.
 * A batch of what a function gives, say, is known when the function's results are: nobody has to fill its batches.
 */
export function openSpecs(root: GraphNode): GraphNode[] {
  const { open } = fold<{ readonly spec: ElementSpec; readonly open: ReadonlySet<GraphNode> }>(
    root,
    (node, inputs) => {
      const rule = (specs: ElementSpec[]) => operatorOf(node).spec(node, specs);
      const spec = rule(inputs.map((input) => input.spec));
      if (isCompleteSpec(spec)) return { spec, open: new Set() };
      const below = new Set(inputs.flatMap((input) => [...input.open]));
      const isDecidedBelow = below.size > 0 && isCompleteSpec(rule(inputs.map(() => NUMBER)));
      return { spec, open: isDecidedBelow ? below : new Set([node]) };
    },
  );
  return [...open];
}

/** Whether a spec leaves nothing open. */
export function isCompleteSpec(spec: ElementSpec): boolean {
  switch (spec.kind) {
    case "any":
      return false;
    case "tuple":
      return spec.items.every(isCompleteSpec);
    case "list":
      return isCompleteSpec(spec.item);
    case "record":
      return Object.values(spec.fields).every(isCompleteSpec);
    default:
      return true;
  }
}
