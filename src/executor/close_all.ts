import { isPromise, type MaybePromise } from "../base/mod.ts";
import type { ElementIterator } from "./iterator.ts";

/** Closes all of them, even where one fails to; the first failure comes out in the end. */
export function closeAll(iterators: Iterable<ElementIterator>): MaybePromise<void> {
  const failures: unknown[] = [];
  const pending: Promise<unknown>[] = [];
  for (const iterator of iterators) {
    try {
      const closing = iterator.close();
      if (isPromise(closing)) pending.push(closing.catch((error) => failures.push(error)));
    } catch (error) {
      failures.push(error);
    }
  }
  const finish = () => {
    if (failures.length > 0) throw failures[0];
  };
  return pending.length > 0 ? Promise.all(pending).then(finish) : finish();
}
