import { degradeByLoss } from "./guarantee.ts";
import { jobOfIteration } from "./lookup.ts";
import type { DispatcherState } from "./state.ts";
import type { BeginRun } from "./updates.ts";

/**
 * The dispatcher begins anew. If the machine did so as well, the last notes of splits that were given out may be
 * missing: all that were reserved count as gone, so that none is given out twice.
 */
export function beginRun(state: DispatcherState, { boot }: BeginRun): void {
  const mayMiss = boot === null || boot !== state.boot;
  state.boot = boot;
  if (!mayMiss) return;
  for (const iteration of state.iterations.values()) {
    for (const source of iteration.sources) {
      if ((source.reserved ?? 0) <= source.next) continue;
      source.next = source.reserved!;
      degradeByLoss(state.jobs.get(jobOfIteration(state, iteration).id)!);
    }
  }
}
