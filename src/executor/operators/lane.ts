import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Element, Ledger, LedgerEntries } from "../../element/mod.ts";
import { ExpandedIterator } from "../expansion.ts";
import { Failure } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";

/** One open iterator of a parallel interleave with what was read ahead of it. */
export class Lane {
  /** The iterator. */
  readonly inner: ElementIterator<Element>;
  /** What waits for the reader. */
  readonly items: Fifo<Element | Failure> = new Fifo<Element | Failure>();
  /** What each of them consumed; null: nobody asks. */
  readonly entries: Fifo<LedgerEntries> | null;
  /** What was consumed and belongs to none of them, once the iterator has ended. */
  rest: LedgerEntries = null;
  /** Whether a pull is under way. */
  pulling = false;
  /** Whether the iterator has ended; items may still wait. */
  ended = false;
  readonly #ledger: Ledger | null;
  readonly #onSettled: () => void;

  /** Takes the iterator over; `onSettled` is called when a pull that had to wait has ended. */
  constructor(inner: ElementIterator<Element>, onSettled: () => void) {
    this.inner = inner;
    this.#ledger = inner instanceof ExpandedIterator ? inner.ledger : null;
    this.entries = this.#ledger && new Fifo<LedgerEntries>();
    this.#onSettled = onSettled;
  }

  /** Pulls until `count` items wait or a pull has to wait. */
  pull(count: number): void {
    while (!this.pulling && !this.ended && this.items.length < count) {
      let element: MaybePromise<Pulled<Element>>;
      try {
        element = this.inner.next();
      } catch (error) {
        this.#put(new Failure(error));
        continue;
      }
      if (isPending(element)) this.#follow(element);
      else this.#put(element);
    }
  }

  /** Closes the iterator where nobody waits for that; a failure has no reader to go to. */
  closeQuietly(): void {
    try {
      const closing = this.inner.close();
      if (isPromise(closing)) closing.catch(() => {});
    } catch {
      // As above.
    }
  }

  #follow(pulled: Promise<Pulled<Element>>): void {
    this.pulling = true;
    const settle = (item: Pulled<Element> | Failure) => {
      this.pulling = false;
      this.#put(item);
      this.#onSettled();
    };
    pulled.then(settle, (error) => settle(new Failure(error)));
  }

  #put(item: Pulled<Element> | Failure): void {
    if (item === DONE) {
      this.ended = true;
      this.rest = this.#ledger?.take() ?? null;
      this.closeQuietly();
      return;
    }
    this.items.push(item);
    if (this.#ledger !== null) this.entries!.push(this.#ledger.take());
  }
}
