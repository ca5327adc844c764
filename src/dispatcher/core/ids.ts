/** Ids that were given out, and may have gone since. */

import { createState, type StateView } from "./state.ts";

const FIRST = createState().next;

/**
 * Whether `id` was given out before. What is gone from the state has ended: a worker that has not heard of it yet
 * is told the end, not an error that would reach its readers.
 */
export function wasGivenOut(state: StateView, kind: "iteration" | "task", id: number): boolean {
  return id >= FIRST[kind] && id < state.next[kind];
}
