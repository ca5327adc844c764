import { type MaybePromise, RangeSet } from "../../src/base/mod.ts";
import { ConsumedSet } from "../../src/element/mod.ts";
import type { Split, SplitSupply } from "../../src/executor/mod.ts";

interface Pending extends Split {
  readonly repetition: number;
}

/**
 * A dispatcher in its dumbest form, with one task at a time: it gives out the indexes of each source, and when the
 * task is lost, first of all those again that it had given out and that readers have not consumed.
 */
export class LossyDispatcher {
  /** What readers have, of all tasks. */
  readonly consumed: ConsumedSet = new ConsumedSet();
  /** How many tasks were lost. */
  #lost = 0;
  /** How many indexes a split has. */
  readonly #size: number;
  readonly #sources: readonly { readonly count: number; readonly names?: readonly string[] }[];
  readonly #state: {
    repetition: number;
    next: number;
    pending: Pending[];
    /** What was given out, by repetition. */
    leased: Map<number, RangeSet>;
  }[];

  constructor(sources: readonly { count: number; names?: readonly string[] }[], size: number) {
    this.#sources = sources;
    this.#size = size;
    this.#state = sources.map(() => ({ repetition: 0, next: 0, pending: [], leased: new Map() }));
  }

  /** What a task gets; with `later` each answer is a promise. */
  supply({ later = false } = {}): SplitSupply {
    const lost = this.#lost;
    return {
      next: (source, repetition): MaybePromise<Split | null> => {
        // A lost task may still be at work, but nobody gives it anything.
        const split = () => lost === this.#lost ? this.#next(source, repetition) : null;
        return later ? Promise.resolve().then(split) : split();
      },
      isEmpty: () => false,
    };
  }

  /** The task is gone: what it had and nobody has consumed is given out again. */
  lose(): void {
    this.#lost++;
    this.#state.forEach((state, source) => {
      for (const [repetition, leased] of state.leased) {
        const consumed = this.consumed.of(source, repetition);
        for (const range of leased.ranges()) {
          for (const { start, end } of (consumed?.ranges ?? new RangeSet()).gaps(range.start, range.end)) {
            for (let at = start; at < end; at += this.#size) {
              const stop = Math.min(end, at + this.#size);
              const partial = [...consumed?.partial ?? []].filter(([index]) => at <= index && index < stop)
                .map(([index, offsets]) => ({ index, offsets: [...offsets.ranges()] }));
              state.pending.push({
                start: at,
                end: stop,
                repetition,
                ...(partial.length > 0 && { consumed: partial }),
              });
            }
          }
        }
      }
      state.leased.clear();
    });
  }

  #next(source: number, asked: number): Split | null {
    const state = this.#state[source];
    const { count, names } = this.#sources[source];
    let split: Pending | undefined = state.pending.shift();
    if (!split) {
      if (asked < state.repetition) return null;
      if (asked > state.repetition) Object.assign(state, { repetition: asked, next: 0 });
      if (state.next >= count) {
        Object.assign(state, { repetition: asked + 1, next: 0 });
        return null;
      }
      const end = Math.min(count, state.next + this.#size);
      split = { start: state.next, end, repetition: asked };
      state.next = end;
    }
    const leased = state.leased.get(split.repetition) ?? new RangeSet();
    leased.add(split.start, split.end);
    state.leased.set(split.repetition, leased);
    return names ? { ...split, names: names.slice(split.start, split.end) } : split;
  }
}
