import { type GraphNode, walk } from "../../graph/mod.ts";

/**
 * Operators that treat each element by itself, or, where they gather elements, lose none at the end: several
 * instances of a pipeline of them give together what one gives. `cache` is missing because an endless `repeat` of a
 * lane's empty cache would spin; the others, because they count, pair or cut off elements of the whole.
 */
const EACH_BY_ITSELF: ReadonlySet<GraphNode["op"]> = new Set<GraphNode["op"]>([
  "range",
  "fromArray",
  "fromTensorSlices",
  "fromGenerator",
  "random",
  "listFiles",
  "readFiles",
  "map",
  "filter",
  "flatMap",
  "interleave",
  "batch",
  "paddedBatch",
  "unbatch",
  "rebatch",
  "shuffle",
  "repeat",
  "prefetch",
  "concatenate",
  "ignoreErrors",
  "options",
]);

/** Whether instances of the pipeline on splits of their own give together what one instance gives. */
export function mayRunInLanes(root: GraphNode): boolean {
  for (const node of walk(root)) {
    if (!EACH_BY_ITSELF.has(node.op) || drops(node) || keepsOrder(node)) return false;
  }
  return true;
}

/** Whether the program has asked for a result that does not depend on threads. */
export function isDeterministic(root: GraphNode): boolean {
  for (const node of walk(root)) {
    if (node.op === "options" && node.deterministic === true) return true;
  }
  return false;
}

function drops(node: GraphNode): boolean {
  return "dropRemainder" in node && node.dropRemainder;
}

function keepsOrder(node: GraphNode): boolean {
  return "deterministic" in node && node.deterministic === true;
}

/** Whether functions of the pipeline may be called on several threads although it has one instance. */
export function hasParallelMap(root: GraphNode): boolean {
  for (const node of walk(root)) {
    if (node.op === "map" && node.parallel > 1) return true;
  }
  return false;
}
