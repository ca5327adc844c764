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
 * runs it again gives it the same chance, maybe in another process, so that operators need no seeds of their own but
 * where they keep what chance once gave.
 */
export function orderOf(root: GraphNode, { seeded = false }: { readonly seeded?: boolean } = {}): Order {
  const { byChance: _byChance, ...order } = foldPipeline<Order & { readonly byChance: boolean }>(
    root,
    (node, inputs, deterministic) => {
      const undetermined = inputs.find((input) => input.kind === "undetermined");
      if (undetermined) return undetermined;
      const chance = chanceOf(node);
      const byChance = chance !== null || inputs.some((input) => input.byChance);
      const reason = timingOf(node, deterministic) ?? (seeded ? keptOf(node, byChance) : chance);
      return reason === null
        ? { kind: "deterministic", byChance }
        : { kind: "undetermined", operator: node.op, reason, byChance };
    },
  );
  return order;
}

/** How an operator keeps what chance once gave in this process, so that another process has another order; null: it does not. */
function keptOf(node: GraphNode, byChance: boolean): string | null {
  if (node.op === "shuffle" && node.seed === null && !node.reshuffleEachIteration) {
    return "it has no seed, and keeps the order of its first pass in this process";
  }
  if (node.op === "cache" && byChance) {
    return "it keeps elements in an order that came of chance: what is below it has no seed";
  }
  return null;
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
