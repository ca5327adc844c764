import type { MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { PrefetchNode } from "../../graph/mod.ts";
import { Failure, unwrap } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { counted, leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import { type Held, hold, type Holding } from "../tracking.ts";

/** Builds `prefetch`. */
export function prefetch(node: PrefetchNode, place: Place): ElementIterator<Element> {
  if (node.bufferSize <= 0) return place.input();
  const holding = hold(place.tracking);
  return new Prefetch(place.input(0, { tracking: holding && holding.below }), node.bufferSize, holding);
}

/**
 * Pulls ahead. Elements that come at once are pulled ahead too, because the wait that matters may be behind them:
 * two for each that is taken, so that the buffer fills without making anybody wait for all of it.
 */
class Prefetch implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #size: number;
  readonly #buffer = new Fifo<Element | Failure>();
  readonly #holding: Holding | null;
  /** What the items of the buffer consumed, where somebody asks. */
  readonly #entries = new Fifo<Held>();
  #pulling = false;
  #ended = false;
  #waiter: { resolve(pulled: Pulled<Element>): void; reject(reason: unknown): void } | null = null;

  constructor(input: ElementIterator<Element>, size: number, holding: Holding | null) {
    this.#input = input;
    this.#size = size;
    this.#holding = holding;
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#buffer.length > 0) {
      const item = this.#buffer.shift();
      this.#holding?.give(this.#entries.shift());
      this.#pump(2);
      return unwrap(item);
    }
    if (!this.#pulling) {
      if (this.#ended) {
        this.#holding?.pass();
        return DONE;
      }
      const element = this.#input.next();
      if (!isPending(element)) {
        this.#holding?.pass();
        if (element === DONE) this.#ended = true;
        else this.#pump(1);
        return element;
      }
      this.#follow(element);
    }
    return new Promise((resolve, reject) => this.#waiter = { resolve, reject });
  }

  skip(count: number): MaybePromise<number> {
    let left = 0;
    for (; left < count && this.#buffer.length > 0; left++) this.#drop();
    if (left === count || this.#ended) return left;
    if (this.#pulling) return this.#skipPulled(count - left).then((skipped) => left + skipped);
    return counted(leaveOut(this.#input, count - left), (skipped) => left + skipped);
  }

  /** A pull is under way: what it gives is the first to be left out. */
  async #skipPulled(count: number): Promise<number> {
    try {
      if (await this.next() === DONE) return 0;
    } catch {
      // An element that failed is one, too.
    }
    return 1 + await this.skip(count - 1);
  }

  #drop(): void {
    this.#buffer.shift();
    this.#holding?.give(this.#entries.shift());
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
        this.#keep(new Failure(error));
        continue;
      }
      if (isPending(element)) this.#follow(element);
      else if (element === DONE) this.#ended = true;
      else this.#keep(element);
    }
  }

  #keep(item: Element | Failure): void {
    this.#buffer.push(item);
    if (this.#holding !== null) this.#entries.push(item instanceof Failure ? null : this.#holding.take());
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
      if (!waiter) return; // What came with the end must not overtake what is in the buffer.
      this.#holding?.pass();
      waiter.resolve(DONE);
    } else if (!waiter) {
      this.#keep(item);
      this.#pump(this.#size);
    } else {
      if (item instanceof Failure) waiter.reject(item.reason);
      else {
        this.#holding?.pass();
        waiter.resolve(item);
      }
      this.#pump(1); // The reader's turn comes first; all that is to be had at once would delay it.
    }
  }
}
