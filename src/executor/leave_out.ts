import type { MaybePromise } from "../base/mod.ts";
import { DONE, type ElementIterator } from "./iterator.ts";
import { isPending } from "./pending.ts";

/**
 * Leaves out the next `count` elements of an iterator, by its own way or else by pulling them; an element that fails
 * counts. Gives how many there were: fewer only where the iterator has ended.
 */
export function leaveOut(iterator: ElementIterator, count: number): MaybePromise<number> {
  if (count === 0) return 0;
  return iterator.skip ? iterator.skip(count) : pull(iterator, count, 0);
}

/** As {@linkcode leaveOut}, by pulling; `left` of the elements are left out already. */
function pull(iterator: ElementIterator, count: number, left: number): MaybePromise<number> {
  for (; left < count; left++) {
    try {
      const element = iterator.next();
      if (isPending(element)) return pullLater(iterator, { count, left, first: element });
      if (element === DONE) return left;
    } catch {
      // Whoever read it before has met the error.
    }
  }
  return left;
}

async function pullLater(
  iterator: ElementIterator,
  { count, left, first }: { count: number; left: number; first: Promise<unknown> },
): Promise<number> {
  for (let pulled: Promise<unknown> | null = first; left < count; left++, pulled = null) {
    try {
      if (await (pulled ?? iterator.next()) === DONE) return left;
    } catch {
      // As above.
    }
  }
  return left;
}

/** What `then` makes of a number, now or later. */
export function counted(
  count: MaybePromise<number>,
  then: (count: number) => MaybePromise<number>,
): MaybePromise<number> {
  return isPending(count) ? count.then(then) : then(count);
}
