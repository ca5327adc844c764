import type { Element } from "../../src/element/mod.ts";
import type { GraphNode } from "../../src/graph/mod.ts";
import { fromGenerator } from "./support.ts";

/** When a probe's elements come. */
export type Pace = "sync" | "async" | "mixed";

/** A source that notes what happens to it. */
export interface Probe {
  readonly node: GraphNode;
  /** How often it was begun, pulled and told to return. */
  readonly counts: { begun: number; pulled: number; closed: number };
}

/** A source of `items`; with `hang`, a pull behind the last waits for ever instead of ending. */
export function probe(items: readonly Element[], pace: Pace = "sync", hang = false): Probe {
  const counts = { begun: 0, pulled: 0, closed: 0 };
  const begin = () => {
    counts.begun++;
    let index = 0;
    return {
      next() {
        counts.pulled++;
        if (index >= items.length && hang) return new Promise(() => {});
        const value = items[index];
        const result = index++ < items.length ? { value, done: false } : { value: undefined, done: true };
        return pace === "sync" || (pace === "mixed" && index % 3 !== 0) ? result : Promise.resolve(result);
      },
      return() {
        counts.closed++;
        return { value: undefined, done: true };
      },
    };
  };
  return { node: fromGenerator(() => ({ [Symbol.asyncIterator]: begin })), counts };
}
