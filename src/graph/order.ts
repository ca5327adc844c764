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

/** What is known of the circumstances in which a pipeline is run again. */
export interface OrderOptions {
  /**
   * Whoever runs it again gives it the same chance, maybe in another process, so that operators need no seeds of
   * their own but where they keep what chance once gave. @default false
   */
  readonly seeded?: boolean;
  /** The services that it reads give their elements in the same order again. @default false */
  readonly servicesKeepOrder?: boolean;
}

/** What is known of the order in which a node gives its elements. */
export interface OrderState {
  readonly order: Order;
  /** Whether it comes of chance without a seed. */
  readonly byChance: boolean;
}

/** What can be said of a pipeline's order without running it; user functions are taken for pure ones. */
export function orderOf(root: GraphNode, options: OrderOptions = {}): Order {
  return foldPipeline<OrderState>(
    root,
    (node, inputs, deterministic) => orderAt(node, inputs, { ...options, deterministic }),
  ).order;
}

/** As {@linkcode orderOf}, of one node, by what is known of its inputs. */
export function orderAt(
  node: GraphNode,
  inputs: readonly OrderState[],
  options: OrderOptions & { readonly deterministic: boolean },
): OrderState {
  const undetermined = inputs.find(({ order }) => order.kind === "undetermined");
  if (undetermined) return undetermined;
  const chance = chanceOf(node);
  const byChance = chance !== null || inputs.some((input) => input.byChance);
  const reason = timingOf(node, options) ?? (options.seeded ? keptOf(node, byChance) : chance);
  return {
    order: reason === null ? { kind: "deterministic" } : { kind: "undetermined", operator: node.op, reason },
    byChance,
  };
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

const OTHER_SERVICE = "another service gives its elements in the order of its workers";

/** How an operator's order depends on what is quicker; null: it does not. */
function timingOf(
  node: GraphNode,
  { deterministic, servicesKeepOrder = false }: OrderOptions & { readonly deterministic: boolean },
): string | null {
  switch (node.op) {
    case "map":
    case "interleave":
      return keepsOrder(node, deterministic)
        ? null
        : "its calls run in parallel and what is ready comes first (`deterministic: false`)";
    case "dataService":
      return servicesKeepOrder ? null : OTHER_SERVICE;
    case "tfDataService":
      return OTHER_SERVICE;
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
