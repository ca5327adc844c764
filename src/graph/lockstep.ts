import type { DataServiceNode, GraphNode } from "./nodes.ts";
import { keepsOrder } from "./order.ts";

/** A pipeline that gives the elements of one service in their order, so many as one each time. */
export interface Lockstep {
  /** The service that it reads. */
  readonly service: DataServiceNode;
  /** How many elements of the service an element of the pipeline is made of; the last one may be made of fewer. */
  readonly elements: number;
}

/** Whether the number of elements that a pipeline has given says which of its service's elements those are; null: it does not. */
export function lockstepOf(root: GraphNode): Lockstep | null {
  let elements = 1;
  let deterministic = true;
  for (let node = root;; node = node.inputs[0]) {
    switch (node.op) {
      case "dataService":
        return { service: node, elements };
      case "batch":
      case "paddedBatch":
        elements *= node.size;
        break;
      case "map":
        if (!keepsOrder(node, deterministic)) return null;
        break;
      case "options":
        deterministic = node.deterministic ?? deterministic;
        break;
      case "prefetch":
        break;
      default:
        return null;
    }
  }
}
