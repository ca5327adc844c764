import type { MaybePromise } from "../../src/base/mod.ts";
import type { Split, SplitSupply } from "../../src/executor/mod.ts";

/** Gives the pieces of sources to several pipelines, as the dispatcher does: each piece once in a repetition. */
export class SharedSplits {
  readonly asked: { source: number; repetition: number }[] = [];
  readonly #sources: readonly (readonly Split[])[];
  readonly #state: { repetition: number; next: number }[];

  /** `sources[i]` are the splits of source `i`, the same in each repetition. */
  constructor(sources: readonly (readonly Split[])[]) {
    this.#sources = sources;
    this.#state = sources.map(() => ({ repetition: 0, next: 0 }));
  }

  /** What one pipeline gets; with `later` each answer is a promise. */
  supply({ later = false, empty = false } = {}): SplitSupply {
    const next = (source: number, repetition: number): Split | null => {
      this.asked.push({ source, repetition });
      const state = this.#state[source];
      if (repetition < state.repetition) return null;
      if (repetition > state.repetition) Object.assign(state, { repetition, next: 0 });
      const split = this.#sources[source][state.next++];
      if (split) return split;
      Object.assign(state, { repetition: repetition + 1, next: 0 });
      return null;
    };
    return {
      next: (source, repetition): MaybePromise<Split | null> =>
        later ? Promise.resolve().then(() => next(source, repetition)) : next(source, repetition),
      isEmpty: () => empty,
    };
  }
}

/** Splits of `size` elements. */
export function pieces(length: number, size: number): Split[] {
  const splits: Split[] = [];
  for (let start = 0; start < length; start += size) {
    splits.push({ start, end: Math.min(length, start + size) });
  }
  return splits;
}
