import { isPromise, type MaybePromise } from "../../base/mod.ts";
import type { Split, SplitSupply } from "../../executor/mod.ts";

/**
 * Shares the splits that a task has leased among its lanes. A lease may be half of the source: a lane gets half of
 * its fair share of what is there, so that pieces become small where others would have to wait for a large one.
 *
 * Each lane counts its own repetitions, as tasks do. A lane that finds nothing more in one goes on to the next,
 * while others may still read; what is left of their repetition stays theirs.
 */
export class SharedSplits implements SplitSupply {
  readonly #supply: SplitSupply;
  readonly #lanes: number;
  /** What of the leases is not given out, by source and repetition. */
  #rests = new Map<string, Split[]>();

  /** Shares what `supply` gives among up to `lanes` lanes. */
  constructor(supply: SplitSupply, lanes: number) {
    this.#supply = supply;
    this.#lanes = lanes;
  }

  next(sourceIndex: number, repetition: number): MaybePromise<Split | null> {
    const key = `${sourceIndex}:${repetition}`;
    const rest = this.#cut(key);
    if (rest) return rest;
    const split = this.#supply.next(sourceIndex, repetition);
    return isPromise(split) ? split.then((leased) => this.#add(key, leased)) : this.#add(key, split);
  }

  isEmpty(sourceIndex: number): boolean {
    return this.#supply.isEmpty(sourceIndex);
  }

  #add(key: string, leased: Split | null): Split | null {
    if (leased) {
      const rests = this.#rests.get(key);
      if (rests) rests.push(leased);
      else this.#rests.set(key, [leased]);
    }
    // At the end of the repetition, too: another lane may have leased something meanwhile.
    return this.#cut(key) ?? null;
  }

  #cut(key: string): Split | undefined {
    const rests = this.#rests.get(key);
    const first = rests?.[0];
    if (!rests || !first) return undefined;
    const { start, end, names, consumed } = first;
    const size = Math.ceil((end - start) / (2 * this.#lanes));
    if (this.#lanes === 1 || start + size >= end) {
      rests.shift();
      if (rests.length === 0) this.#rests.delete(key);
      return first;
    }
    const middle = start + size;
    rests[0] = {
      ...first,
      start: middle,
      ...(names && { names: names.slice(size) }),
      ...(consumed && { consumed: consumed.filter(({ index }) => index >= middle) }),
    };
    return {
      ...first,
      end: middle,
      ...(names && { names: names.slice(0, size) }),
      ...(consumed && { consumed: consumed.filter(({ index }) => index < middle) }),
    };
  }
}
