import { assertNever } from "../base/mod.ts";
import { foldPipeline } from "./fold_pipeline.ts";
import type { GraphNode } from "./nodes.ts";
import { orderAt, type OrderState } from "./order.ts";
import { ShardingPolicy } from "./sharding_policy.ts";

/** What can be said of the rest of a pipeline of which a program has got a part. */
export type Remainder =
  /** It is known what is left. */
  | { readonly kind: "known" }
  | {
    readonly kind: "unknown";
    /** The lowest operator that keeps it from being told. */
    readonly operator: GraphNode["op"];
    /** Why, to stand behind "because". */
    readonly reason: string;
  };

type State =
  /** Comes again as it was, or in an order of its own; there is no dynamically sharded service below. */
  | (OrderState & { readonly kind: "local" })
  /** Comes in another order each time, each element once. */
  | { readonly kind: "dynamic" }
  | Remainder & { readonly kind: "unknown" };

/**
 * Whether the rest of a pipeline that reads dynamically sharded services can be told from what a program has of it:
 * each element of its inputs comes to the program once, although the services give what is left in another order.
 */
export function remainderOf(root: GraphNode): Remainder {
  const state = foldPipeline<State>(root, (node, inputs, deterministic) => {
    const lowest = inputs.find((input) => input.kind === "unknown");
    if (lowest) return lowest;
    if (!isDynamic(node) && inputs.every((input) => input.kind === "local")) {
      return { kind: "local", ...orderAt(node, inputs, { deterministic, ...AGAIN }) };
    }
    for (const input of inputs) {
      // What is read beside a service is numbered in its order.
      if (input.kind === "local" && input.order.kind === "undetermined") {
        return { ...input.order, kind: "unknown" };
      }
    }
    const reason = obstacleOf(node);
    return reason === null ? { kind: "dynamic" } : { kind: "unknown", operator: node.op, reason };
  });
  return state.kind === "unknown" ? state : { kind: "known" };
}

const AGAIN = { seeded: true, servicesKeepOrder: true };

function isDynamic(node: GraphNode): boolean {
  return node.op === "dataService" && node.options.shardingPolicy === ShardingPolicy.DYNAMIC;
}

/** Why an operator keeps what is left from being told, where its elements come in another order each time; null: it does not. */
function obstacleOf(node: GraphNode): string | null {
  switch (node.op) {
    case "map":
    case "filter":
    case "batch":
    case "paddedBatch":
    case "bucketBySequenceLength":
    case "shuffle":
    case "repeat":
    case "take":
    case "skip":
    case "shard":
    case "prefetch":
    case "enumerate":
    case "concatenate":
    case "zip":
    case "sampleFromDatasets":
    case "chooseFromDatasets":
    case "ignoreErrors":
    case "options":
    case "dataService":
    case "tfDataService":
    case "range":
    case "fromArray":
    case "fromTensorSlices":
    case "fromGenerator":
    case "random":
    case "listFiles":
      return null;
    case "flatMap":
    case "interleave":
    case "unbatch":
    case "readFiles":
      return "it makes several elements of one that a service may not give again as it was";
    case "scan":
      return "its state is made of the elements before, which come in another order";
    case "takeWhile":
      return "where it ends depends on the order of the elements, which is another one each time";
    case "window":
      return "an element may be part of several windows";
    case "rebatch":
      return "an element is made of parts of several";
    case "groupByWindow":
      return "`reduce` may make several elements of one window";
    case "cache":
      return "it keeps elements in this process";
    default:
      return assertNever(node);
  }
}
