import { InvalidArgumentError } from "../base/mod.ts";
import type { ElementSpec } from "../element/mod.ts";
import type { GraphNode } from "./nodes.ts";
import { operatorOf } from "./operators.ts";
import { MAX_PLANNED_NODES } from "./plan.ts";
import { mapFields } from "./spec_rules.ts";
import { fold } from "./walk.ts";

// Deeper than any data, and shallow enough for a spec to travel as an element.
const MAX_SPEC_DEPTH = 64;

/**
 * The spec that every element of a dataset has, as far as it can be told without running the user's code; else any.
 * `seen` holds the specs of nodes whose elements somebody has looked at.
 *
 * @throws {InvalidArgumentError} if the graph stands for a tree of more than 100,000 operators
 */
export function elementSpecOf(
  root: GraphNode,
  seen: ReadonlyMap<GraphNode, ElementSpec> = new Map(),
): ElementSpec {
  // Specs are trees: zipping a dataset with itself, and that with itself, doubles the spec each time.
  const operators = fold<number>(root, (_node, inputs) => inputs.reduce((sum, input) => sum + input, 1));
  if (operators > MAX_PLANNED_NODES) {
    throw new InvalidArgumentError(
      `Cannot describe the dataset: it has more than ${MAX_PLANNED_NODES} operators, counting shared ones for each use`,
    );
  }
  return fold<ElementSpec>(
    root,
    (node, inputs) => limitDepth(seen.get(node) ?? operatorOf(node).spec(node, inputs), MAX_SPEC_DEPTH),
  );
}

function limitDepth(spec: ElementSpec, depth: number): ElementSpec {
  if (depth === 0) return { kind: "any" };
  switch (spec.kind) {
    case "tuple":
      return { kind: "tuple", items: spec.items.map((item) => limitDepth(item, depth - 1)) };
    case "list":
      return { kind: "list", item: limitDepth(spec.item, depth - 1) };
    case "record":
      return mapFields(spec.fields, (field) => limitDepth(field, depth - 1));
    default:
      return spec;
  }
}
