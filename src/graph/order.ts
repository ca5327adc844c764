import { foldPipeline } from "./fold_pipeline.ts";
import type { GraphNode } from "./nodes.ts";

/** Whether a pipeline that is run again gives the same elements in the same order. */
export type Order =
  | { readonly kind: "deterministic" }
  | {
    readonly kind: "undetermined";
    /** The lowest operator whose order may be another one. */
    readonly operator: GraphNode["op"];
    /** Why, to stand behind "because". */
    readonly reason: string;
  };

/**
 * What can be said of a pipeline's order without running it; user functions are taken for pure ones. `seeded`: whoever
 * runs it again gives it the same chance, so that operators need no seeds of their own.
 */
export function orderOf(root: GraphNode, { seeded = false }: { readonly seeded?: boolean } = {}): Order {
  return foldPipeline<Order>(root, (node, inputs, deterministic) => {
    const undetermined = inputs.find((input) => input.kind === "undetermined");
    if (undetermined) return undetermined;
    const reason = timingOf(node, deterministic) ?? (seeded ? null : chanceOf(node));
    return reason === null ? { kind: "deterministic" } : { kind: "undetermined", operator: node.op, reason };
  });
}

/** How an operator's order depends on chance; null: it does not. */
function chanceOf(node: GraphNode): string | null {
  switch (node.op) {
    case "shuffle":
    case "random":
    case "sampleFromDatasets":
      return node.seed === null ? "it has no seed" : null;
    case "listFiles":
      return node.shuffle && node.seed === null ? "it is shuffled without a seed" : null;
    default:
      return null;
  }
}

/** How an operator's order depends on what is quicker; null: it does not. */
function timingOf(node: GraphNode, deterministic: boolean): string | null {
  switch (node.op) {
    case "map":
    case "interleave":
      return keepsOrder(node, deterministic)
        ? null
        : "its calls run in parallel and what is ready comes first (`deterministic: false`)";
    case "dataService":
    case "tfDataService":
      return "another service gives its elements in the order of its workers";
    default:
      return null;
  }
}

/** Whether a map or interleave gives elements in the order of its input. */
export function keepsOrder(
  node: GraphNode & { readonly op: "map" | "interleave" },
  deterministic: boolean,
): boolean {
  return node.parallel <= 1 || (node.deterministic ?? deterministic);
}
