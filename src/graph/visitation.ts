import { assertNever } from "../base/mod.ts";
import { foldPipeline } from "./fold_pipeline.ts";
import type { GraphNode } from "./nodes.ts";
import { keepsOrder } from "./order.ts";

/** What dynamic sharding can promise for a pipeline when a worker is lost. */
export type Visitation =
  /** What of the source elements was not delivered is given out again, and nothing else. */
  | { readonly kind: "exactlyOnce" }
  /** Some would be lost or come twice. */
  | {
    readonly kind: "weaker";
    /** The lowest operator that makes it impossible. */
    readonly operator: GraphNode["op"];
    /** Why, to stand behind "because". */
    readonly reason: string;
  };

/** How the elements of a stream relate to the indexes of the sources. */
interface Stream {
  readonly kind:
    /** Each element is made of one index, and each index gives at most one element. */
    | "plain"
    /** An index may give several elements, which come in an order of their own that is always the same. */
    | "expanded"
    /** As expanded, but the order of an index's elements is another one each time. */
    | "mixed"
    /** An element may be made of several indexes. */
    | "united";
  /** The operator by which an element of one index has another value each time; null if there is none. */
  readonly unstable: (Visitation & { readonly kind: "weaker" }) | null;
}

type State = Stream | (Visitation & { readonly kind: "weaker" });

const FROM_LEAST: readonly Stream["kind"][] = ["plain", "expanded", "mixed", "united"];

/**
 * Whether dynamic sharding can deliver each source element exactly once, also through the loss of a worker: then
 * what its readers have not taken is given to another worker, which has to make the same elements of it, less those
 * that were taken. User functions are taken for pure ones.
 */
export function visitationOf(root: GraphNode): Visitation {
  const state = foldPipeline<State>(root, (node, inputs, deterministic) => {
    const lowest = inputs.find((input) => input.kind === "weaker");
    if (lowest) return lowest;
    return streamOf(node, inputs as readonly Stream[], deterministic);
  });
  return state.kind === "weaker" ? state : { kind: "exactlyOnce" };
}

const PLAIN: Stream = { kind: "plain", unstable: null };

function streamOf(node: GraphNode, inputs: readonly Stream[], deterministic: boolean): State {
  const input = inputs.reduce(together, PLAIN);
  switch (node.op) {
    case "range":
    case "fromArray":
    case "fromTensorSlices":
    case "listFiles":
      return PLAIN;
    case "random":
      return {
        ...PLAIN,
        unstable: node.seed === null ? weaker(node, "without a seed it differs between workers") : null,
      };
    case "fromGenerator":
      return { ...PLAIN, kind: "expanded" };
    case "dataService":
    case "tfDataService":
      return weaker(node, "every worker reads all that the other service gives");
    case "filter":
    case "repeat":
    case "prefetch":
    case "concatenate":
    case "ignoreErrors":
    case "options":
      return input;
    case "map":
      return keepsOrder(node, deterministic) ? input : reordered(input);
    case "shuffle":
      return reordered(input);
    case "enumerate":
      return { ...input, unstable: input.unstable ?? weaker(node, "each worker counts for itself") };
    case "flatMap":
    case "unbatch":
    case "readFiles":
    case "interleave":
      return expanded(node, input);
    case "batch":
    case "paddedBatch":
    case "bucketBySequenceLength":
      return { ...input, kind: "united" };
    case "groupByWindow":
      return weaker(node, "`reduce` may make several elements of one window");
    case "sampleFromDatasets":
      return node.weights?.includes(0) ? weaker(node, "a dataset of weight 0 is left unread") : input;
    case "take":
      return node.count < 0 ? input : weaker(node, "each worker takes its first elements");
    case "skip":
      return node.count === 0 ? input : weaker(node, "each worker leaves out its first elements");
    case "zip":
      return inputs.length === 1
        ? input
        : weaker(node, "which elements stand together, and which are left over, differs between workers");
    case "chooseFromDatasets":
      return weaker(node, "each worker begins the choices anew, and elements may be left over");
    case "takeWhile":
      return weaker(node, "each worker ends at the first element of its own that fails");
    case "shard":
      return weaker(node, "each worker counts for itself");
    case "scan":
      return weaker(node, "each worker has a state of its own");
    case "window":
      return weaker(node, "an element may be part of several windows");
    case "rebatch":
      return weaker(node, "an element is made of parts of several");
    case "cache":
      return weaker(node, "later passes do not read the sources");
    default:
      return assertNever(node);
  }
}

/** What can be said of a stream in which two come together, the elements of each in their order. */
function together(a: Stream, b: Stream): Stream {
  const kind = FROM_LEAST[Math.max(FROM_LEAST.indexOf(a.kind), FROM_LEAST.indexOf(b.kind))];
  return { kind, unstable: a.unstable ?? b.unstable };
}

/** An operator that makes several elements of one. */
function expanded(
  node: GraphNode & { readonly op: "flatMap" | "unbatch" | "readFiles" | "interleave" },
  input: Stream,
): State {
  if (input.kind === "united") {
    return weaker(node, "it takes apart elements that may be made of several source elements");
  }
  if (input.kind === "mixed" || (input.kind === "expanded" && node.op === "interleave")) {
    return weaker(node, "it expands elements of which a source element has several, in no fixed order");
  }
  if (input.unstable !== null) {
    const { operator, reason } = input.unstable;
    return weaker(node, `it expands what ${operator} gives, and ${reason}`);
  }
  return { kind: "expanded", unstable: null };
}

function reordered(input: Stream): Stream {
  return input.kind === "expanded" ? { ...input, kind: "mixed" } : input;
}

function weaker(node: GraphNode, reason: string): Visitation & { readonly kind: "weaker" } {
  return { kind: "weaker", operator: node.op, reason };
}
