import type { MaybePromise } from "../base/mod.ts";
import { isPending } from "./pending.ts";

/** The sign of a step that it gave nothing and the next step must follow. */
export const AGAIN: unique symbol = Symbol("again");

/** Steps until one gives something: in a loop, without recursion, awaiting only what is a promise. */
export function drive<T>(
  first: MaybePromise<T | typeof AGAIN>,
  step: () => MaybePromise<T | typeof AGAIN>,
): MaybePromise<T> {
  for (let result = first;; result = step()) {
    if (isPending(result)) return driveLater(result, step);
    if (result !== AGAIN) return result;
  }
}

async function driveLater<T>(
  first: MaybePromise<T | typeof AGAIN>,
  step: () => MaybePromise<T | typeof AGAIN>,
): Promise<T> {
  for (let pending = first;; pending = step()) {
    const result = isPending(pending) ? await pending : pending;
    if (result !== AGAIN) return result;
  }
}
