/** What an operator is at run time. */

import type { MaybePromise } from "../base/mod.ts";

/** The sign that an iterator has ended. Every later pull gives it again. */
export const DONE: unique symbol = Symbol("done");

/** An element, or the end. */
export type Pulled<T> = T | typeof DONE;

/**
 * A pull iterator: `next` gives an element at once where nothing has to wait, and a promise only where something
 * really does. The caller awaits a promise before it pulls again, and never pulls after `close`.
 *
 * A pull that throws or rejects leaves the iterator usable: the next pull goes on after the element that failed,
 * as tf.data's iterators do, so that `ignoreErrors` can skip it.
 */
export interface ElementIterator<T = unknown> {
  /** The next element, or {@linkcode DONE}. */
  next(): MaybePromise<Pulled<T>>;
  /**
   * Leaves out the next `count` elements without making them, where that is cheaper than to pull them; an element
   * whose making would fail counts as one. Gives how many there were: fewer only where the iterator has ended. What
   * is said of pulls holds for it. Without it {@link leaveOut} pulls.
   */
  skip?(count: number): MaybePromise<number>;
  /** Frees what the iterator holds, its inputs' included. Idempotent; may be called while a pull waits, which then rejects or ends. */
  close(): MaybePromise<void>;
}
