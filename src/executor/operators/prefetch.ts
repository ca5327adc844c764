import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { PrefetchNode } from "../../graph/mod.ts";
import { Failure, unwrap } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";

/** Builds `prefetch`. */
export function prefetch(node: PrefetchNode, place: Place): ElementIterator<Element> {
  return node.bufferSize <= 0 ? place.input() : new Prefetch(place.input(), node.bufferSize);
}

/**
 * Pulls ahead. Elements that come at once are pulled ahead too, because the wait that matters may be behind them:
 * two for each that is taken, so that the buffer fills without making anybody wait for all of it.
 */
class Prefetch implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #size: number;
  readonly #buffer = new Fifo<Element | Failure>();
  #pulling = false;
  #ended = false;
  #waiter: { resolve(pulled: Pulled<Element>): void; reject(reason: unknown): void } | null = null;

  constructor(input: ElementIterator<Element>, size: number) {
    this.#input = input;
    this.#size = size;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#buffer.length > 0) {
      const item = this.#buffer.shift();
      this.#pump(2);
      return unwrap(item);
    }
    if (!this.#pulling) {
      if (this.#ended) return DONE;
      const element = this.#input.next();
      if (!isPending(element)) {
        if (element === DONE) this.#ended = true;
        else this.#pump(1);
        return element;
      }
      this.#follow(element);
    }
    return new Promise((resolve, reject) => this.#waiter = { resolve, reject });
  }

  close(): MaybePromise<void> {
    this.#ended = true;
    this.#buffer.clear();
    this.#waiter?.resolve(DONE);
    this.#waiter = null;
    return this.#input.close();
  }

  #pump(pulls: number): void {
    for (; pulls > 0 && this.#mayPull(); pulls--) {
      let element: MaybePromise<Pulled<Element>>;
      try {
        element = this.#input.next();
      } catch (error) {
        this.#buffer.push(new Failure(error));
        continue;
      }
      if (isPending(element)) this.#follow(element);
      else if (element === DONE) this.#ended = true;
      else this.#buffer.push(element);
    }
  }

  #mayPull(): boolean {
    return !this.#pulling && !this.#ended && this.#buffer.length < this.#size;
  }

  #follow(pulled: Promise<Pulled<Element>>): void {
    this.#pulling = true;
    pulled.then((element) => this.#settle(element), (error) => this.#settle(new Failure(error)));
  }

  #settle(item: Pulled<Element> | Failure): void {
    this.#pulling = false;
    if (this.#ended) return; // Closed meanwhile.
    const waiter = this.#waiter;
    this.#waiter = null;
    if (item === DONE) {
      this.#ended = true;
      waiter?.resolve(DONE);
    } else if (!waiter) {
      this.#buffer.push(item);
      this.#pump(this.#size);
    } else {
      if (item instanceof Failure) waiter.reject(item.reason);
      else waiter.resolve(item);
      this.#pump(1); // The reader's turn comes first; all that is to be had at once would delay it.
    }
  }
}
