/** What a reader's program has got, as source elements, and what of that the dispatcher has yet to hear. */

import { type BlockProvenance, ConsumedSet } from "../../element/mod.ts";

/** What a heartbeat says. */
export interface ConsumptionReport {
  /** What was consumed of each task since the last report that was answered. */
  readonly consumed: readonly { readonly task: bigint; readonly consumed: ConsumedSet }[];
  /** Lost tasks of which the reader takes nothing any more. */
  readonly left: readonly bigint[];
}

/**
 * Keeps the books of consumption. Reports are repeated until one is answered: a part that was sent, but of which
 * nobody knows whether it came, goes out again with the next one. Sets are united, so nothing counts twice.
 */
export class Consumption {
  /** What was consumed and has been heard of. */
  readonly #heard: ConsumedSet;
  #news = new Map<bigint, ConsumedSet>();
  #sent = new Map<bigint, ConsumedSet>();
  readonly #left = new Set<bigint>();
  #sentLeft: readonly bigint[] = [];
  #isTracked = true;

  /** Begins with what was consumed before: by the reader whose checkpoint this one goes on from. */
  constructor(before: ConsumedSet = new ConsumedSet()) {
    this.#heard = before.copy();
  }

  /** Whether everything that was taken so far is accounted for. */
  get isTracked(): boolean {
    return this.#isTracked;
  }

  /** Elements `from` to `to` (excluded) of a block have been handed to the program; null: the task does not track provenance. */
  take(task: bigint, provenance: BlockProvenance | null, from: number, to: number): void {
    if (from >= to) return;
    if (provenance === null) {
      this.#isTracked = false;
      return;
    }
    let news = this.#news.get(task);
    if (!news) this.#news.set(task, news = new ConsumedSet());
    provenance.addTo(news, from, to);
  }

  /** From now on nothing of a lost task is taken; the next reports say so. */
  leave(task: bigint): void {
    this.#left.add(task);
  }

  /** Whether a lost task was left and the dispatcher may not have heard of it. */
  hasLeft(task: bigint): boolean {
    return this.#left.has(task);
  }

  /** What is to be said now; it counts as under way. */
  report(): ConsumptionReport {
    for (const [task, news] of this.#news) {
      const sent = this.#sent.get(task);
      if (sent) sent.unite(news);
      else this.#sent.set(task, news);
    }
    this.#news = new Map();
    this.#sentLeft = [...this.#left];
    return {
      consumed: Array.from(this.#sent, ([task, consumed]) => ({ task, consumed })),
      left: this.#sentLeft,
    };
  }

  /** The last report was answered. */
  answered(): void {
    for (const sent of this.#sent.values()) this.#heard.unite(sent);
    this.#sent = new Map();
    for (const task of this.#sentLeft) this.#left.delete(task);
    this.#sentLeft = [];
  }

  /** Everything that was consumed, also by the reader that this one goes on from. */
  consumed(): ConsumedSet {
    const whole = this.#heard.copy();
    for (const part of [...this.#sent.values(), ...this.#news.values()]) whole.unite(part);
    return whole;
  }
}
