/** How the consumers of a coordinated read come to agree on the round from which on they do without a task. */

/** Where a consumer stands with the task. */
export interface ConsumerPlace {
  /** The first round for which it has no answer. */
  readonly round: number;
  /** The first round whose element it has not handed to its program, and will not before the barrier opens. */
  readonly untakenRound: number;
}

/** What became of an arrival. */
export type Arrival =
  /** Others have not come. */
  | { readonly kind: "waiting" }
  /** All are there: nobody reads the task from this round on. */
  | { readonly kind: "agreed"; readonly round: number }
  /** One program has an element of a round that another consumer did not get: the task must come back first. */
  | { readonly kind: "disagreed" };

/**
 * One attempt of the consumers to give a task up. The round must be one that none of their programs has begun and
 * all of them have the elements before: the first round that anyone lacks.
 */
export class RemovalBarrier {
  readonly #numConsumers: number;
  readonly #places = new Map<number, ConsumerPlace>();

  /** Waits for `numConsumers` consumers. */
  constructor(numConsumers: number) {
    this.#numConsumers = numConsumers;
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** A consumer comes, or comes again. */
  arrive(consumerIndex: number, place: ConsumerPlace): Arrival {
    this.#places.set(consumerIndex, place);
    let round = Infinity;
    let untaken = 0;
    for (const each of this.#places.values()) {
      round = Math.min(round, each.round);
      untaken = Math.max(untaken, each.untakenRound);
    }
    if (untaken > round) return { kind: "disagreed" };
    return this.#places.size < this.#numConsumers ? { kind: "waiting" } : { kind: "agreed", round };
  }

  /** A consumer waits no longer. */
  leave(consumerIndex: number): void {
    this.#places.delete(consumerIndex);
  }
}
