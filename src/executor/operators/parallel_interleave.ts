import type { MaybePromise } from "../../base/mod.ts";
import type { Element, Ledger, LedgerEntries } from "../../element/mod.ts";
import { closeAll } from "../close_all.ts";
import { Failure, unwrap } from "../failure.ts";
import { Fifo } from "../fifo.ts";
import { DONE, type ElementIterator, type Pulled } from "../iterator.ts";
import { isPending } from "../pending.ts";
import { Lane } from "./lane.ts";

/** How a parallel interleave runs. */
export interface ParallelInterleaveOptions {
  /** How many iterators are in turn. */
  readonly cycleLength: number;
  /** How many elements of one come in its turn. */
  readonly blockLength: number;
  /** How many iterators are read ahead at a time. */
  readonly parallel: number;
  /** Whether the order is that of the sequential interleave; else what is ready comes first. */
  readonly deterministic: boolean;
  /** Where it is noted what elements consumed: of those that are given out, and of those that are not. */
  readonly ledgers: { readonly above: Ledger; readonly loose: Ledger } | null;
}

/** Most elements that wait in one lane: long blocks need no more to keep the reader busy. */
const MOST_AHEAD = 16;

const WAIT = Symbol("wait");

/** As the sequential interleave, but iterators are opened and read ahead while the reader works or waits. */
export class ParallelInterleave implements ElementIterator<Element> {
  readonly #opener: ElementIterator<ElementIterator<Element>>;
  readonly #options: ParallelInterleaveOptions;
  readonly #slots: (Lane | null)[] = [];
  /** Opened ahead, in the order of the input, to fill the slots that become empty. */
  readonly #spare = new Fifo<Lane | Failure>();
  #slot = 0;
  #given = 0;
  #open = 0;
  #opening = false;
  #inputEnded = false;
  #closed = false;
  #waiter: { resolve(pulled: Pulled<Element>): void; reject(reason: unknown): void } | null = null;

  constructor(opener: ElementIterator<ElementIterator<Element>>, options: ParallelInterleaveOptions) {
    this.#opener = opener;
    this.#options = options;
  }

  next(): MaybePromise<Pulled<Element>> {
    const item = this.#take();
    if (item !== WAIT) {
      this.#readAhead();
      return item === DONE ? DONE : unwrap(item);
    }
    const waiting = new Promise<Pulled<Element>>((resolve, reject) => this.#waiter = { resolve, reject });
    this.#readAhead();
    return waiting;
  }

  close(): MaybePromise<void> {
    this.#closed = true;
    this.#waiter?.resolve(DONE);
    this.#waiter = null;
    const lanes = this.#lanes();
    this.#slots.length = 0;
    this.#spare.clear();
    return closeAll([...lanes.map((lane) => lane.inner), this.#opener]);
  }

  #take(): Pulled<Element> | Failure | typeof WAIT {
    for (;;) {
      if (this.#closed) return DONE;
      const lane = this.#slots[this.#slot];
      if (lane) {
        if (lane.items.length === 0 && !lane.ended) lane.pull(1);
        if (lane.items.length > 0) return this.#give(lane);
        if (lane.ended) this.#leave();
        else if (this.#options.deterministic || !this.#findReady()) return WAIT;
      } else if (this.#spare.length > 0) {
        const spare = this.#spare.shift();
        if (spare instanceof Failure) return spare;
        this.#slots[this.#slot] = spare;
        this.#open++;
      } else if (!this.#inputEnded) {
        if (!this.#opening) this.#openOne();
        if (this.#opening && (this.#options.deterministic || !this.#findReady())) return WAIT;
      } else if (this.#open === 0) {
        if (this.#options.ledgers) this.#note(null);
        return DONE;
      } else {
        this.#turn();
      }
    }
  }

  #give(lane: Lane): Element | Failure {
    const item = lane.items.shift();
    if (lane.entries !== null) this.#note(lane.entries.shift());
    if (!(item instanceof Failure) && ++this.#given >= this.#options.blockLength) this.#turn();
    return item;
  }

  /** The entries of an element stand last, and others before them. */
  #note(entries: LedgerEntries): void {
    const { above, loose } = this.#options.ledgers!;
    if (!loose.isEmpty) above.put(loose.take());
    above.put(entries);
  }

  #leave(): void {
    const lane = this.#slots[this.#slot];
    if (lane?.rest) this.#options.ledgers!.loose.put(lane.rest);
    this.#slots[this.#slot] = null;
    this.#open--;
    this.#turn();
  }

  #turn(): void {
    this.#slot = (this.#slot + 1) % this.#options.cycleLength;
    this.#given = 0;
  }

  /** Gives the turn to a slot that need not be waited for, if there is one. */
  #findReady(): boolean {
    for (let step = 1; step < this.#options.cycleLength; step++) {
      const slot = (this.#slot + step) % this.#options.cycleLength;
      const lane = this.#slots[slot];
      if (lane ? lane.items.length === 0 && !lane.ended : this.#spare.length === 0) continue;
      this.#slot = slot;
      this.#given = 0;
      return true;
    }
    return false;
  }

  /** Opens iterators for empty slots, one to spare, and lets up to `parallel` of those that are open read on. */
  #readAhead(): void {
    const { parallel, cycleLength, blockLength } = this.#options;
    const wanted = Math.max(1, Math.min(parallel, cycleLength - this.#open));
    while (
      !this.#closed && !this.#opening && !this.#inputEnded && this.#spare.length < wanted
    ) {
      this.#openOne();
    }
    const lanes = this.#lanes();
    const ahead = Math.min(blockLength, MOST_AHEAD);
    let pulling = lanes.reduce((count, lane) => count + Number(lane.pulling), 0);
    for (const lane of lanes) {
      if (this.#closed || pulling >= parallel) return;
      if (lane.pulling) continue;
      lane.pull(ahead);
      if (lane.pulling) pulling++;
    }
  }

  /** Open lanes in the order of their turns, then those to spare. */
  #lanes(): Lane[] {
    const lanes: Lane[] = [];
    for (let step = 0; step < this.#slots.length; step++) {
      const lane = this.#slots[(this.#slot + step) % this.#slots.length];
      if (lane) lanes.push(lane);
    }
    for (const spare of this.#spare) if (spare instanceof Lane) lanes.push(spare);
    return lanes;
  }

  #openOne(): void {
    try {
      const inner = this.#opener.next();
      if (!isPending(inner)) return this.#opened(inner);
      this.#opening = true;
      const settle = (opened: Pulled<ElementIterator<Element>> | Failure) => {
        this.#opening = false;
        this.#opened(opened);
        this.#wake();
      };
      inner.then(settle, (error) => settle(new Failure(error)));
    } catch (error) {
      this.#opened(new Failure(error));
    }
  }

  #opened(inner: Pulled<ElementIterator<Element>> | Failure): void {
    if (inner === DONE) this.#inputEnded = true;
    else if (inner instanceof Failure) this.#spare.push(inner);
    else if (this.#closed) new Lane(inner, () => {}).closeQuietly();
    else this.#spare.push(new Lane(inner, () => this.#wake()));
  }

  readonly #wake = (): void => {
    if (this.#closed) return;
    const waiter = this.#waiter;
    if (waiter) {
      const item = this.#take();
      if (item !== WAIT) {
        this.#waiter = null;
        if (item instanceof Failure) waiter.reject(item.reason);
        else waiter.resolve(item);
      }
    }
    this.#readAhead();
  };
}
