/** One task, seen by a consumer of a coordinated read. */

import type { CoordinatedAnswer, CoordinatedListing } from "./coordinated_events.ts";

/** Where a task stands. */
export type CoordinatedPhase =
  /** It is read in each round. Left by its end, or when its worker cannot be reached for the second time. */
  | { readonly kind: "live" }
  /** The dispatcher was asked whether the consumers do without it: none of its elements is handed over. Left by the answer. */
  | { readonly kind: "removing" }
  /** Its end has come in, but not all answers before it. Left when they have. */
  | { readonly kind: "ending" }
  /** All answers are there, and the worker is told so. Left when it has heard. */
  | { readonly kind: "confirming" }
  /**
   * The worker knows that the end has come in: nothing is left to do but to hand over what came before it. Left as long
   * as other consumers have not confirmed the end: their worker may be lost before, and its next run is to be told.
   */
  | { readonly kind: "ended" }
  /** The consumers do without it. Never left. */
  | { readonly kind: "removed" };

/** The place of one element in the order of what the program gets. */
export interface Slot<T> {
  readonly task: CoordinatedTask<T>;
  readonly round: number;
  /** `unsent`: to be asked for again when the task can be reached; null answers are on their way. */
  state:
    | { readonly kind: "asked" }
    | { readonly kind: "unsent" }
    | { readonly kind: "answered"; readonly answer: CoordinatedAnswer<T> };
}

// As many as a worker that has started anew may want to hear of.
const KEPT_SKIPS = 1_024;

/** The bookkeeping of one task; {@linkcode CoordinatedCore} decides what to do by it. */
export class CoordinatedTask<T> {
  readonly id: bigint;
  readonly startingRound: number;
  /** Where it can be read, in the order in which they are tried. */
  #addresses: readonly string[];
  /** Counts on whenever an address could not be reached. */
  #place = 0;
  #workerUid: string;
  phase: CoordinatedPhase = { kind: "live" };
  /** Its part of the order, oldest first: asked for or answered, and not handed over. */
  readonly slots: Slot<T>[] = [];
  /** Requests for its oldest round that failed in a row. */
  failures = 0;
  /** The first round of which an answer said that it has no elements; null: none did. Set by `endFrom`. */
  endedRound: number | null = null;
  /** Whether all consumers have confirmed its end. */
  isFinished = false;
  /** The first round that was never asked for. */
  #nextRound: number;
  #skipped: number[] = [];

  /** A task that is about to be read. */
  constructor(listing: CoordinatedListing) {
    const { id, workerUid, startingRound } = listing;
    this.id = id;
    this.#addresses = addressesOf(listing);
    this.#workerUid = workerUid;
    this.startingRound = startingRound;
    this.#nextRound = startingRound;
  }

  /** Where to read it. */
  get address(): string {
    return this.addresses[0];
  }

  /** Where it can be read, the one that is used first. */
  get addresses(): readonly string[] {
    const place = this.#place % this.#addresses.length;
    return [...this.#addresses.slice(place), ...this.#addresses.slice(0, place)];
  }

  /** It could not be reached at an address: another one is next. */
  avoid(address: string): void {
    if (address === this.address) this.#place++;
  }

  /** It is listed again; says whether another run of its worker has it now. */
  update(listing: CoordinatedListing): boolean {
    const { workerUid } = listing;
    const hasChanged = workerUid !== "" && workerUid !== this.#workerUid;
    const addresses = addressesOf(listing);
    if (addresses.join() !== this.#addresses.join()) {
      this.#addresses = addresses;
      this.#place = 0;
    }
    if (hasChanged) this.#workerUid = workerUid;
    return hasChanged;
  }

  /** The worker's present run may not know of this consumer: its next listing counts as a change. */
  greetAgain(): void {
    this.#workerUid = "";
  }

  /** The first round without an answer. */
  get oldest(): number {
    return this.slots.find(({ state }) => state.kind !== "answered")?.round ?? this.#nextRound;
  }

  /** The first round whose element was not handed over. */
  get untaken(): number {
    return this.slots[0]?.round ?? this.#nextRound;
  }

  /** The first round that was never asked for. */
  get nextRound(): number {
    return this.#nextRound;
  }

  /** The rounds that were skipped lately. */
  get skipped(): readonly number[] {
    return this.#skipped;
  }

  /** Takes its place in a round. */
  add(round: number): Slot<T> {
    const slot: Slot<T> = { task: this, round, state: { kind: "unsent" } };
    this.slots.push(slot);
    this.#nextRound = round + 1;
    return slot;
  }

  /** The slot of a round that waits for its answer, if there is one. */
  waitingSlot(round: number): Slot<T> | undefined {
    return this.slots.find((slot) => slot.round === round && slot.state.kind !== "answered");
  }

  /**
   * Notes that there are no elements from a round on. The answers to later rounds are known by that, and no longer
   * waited for: another run of the worker, which knows of no end yet, would have elements for them.
   */
  endFrom(round: number): void {
    this.endedRound = Math.min(round, this.endedRound ?? round);
    for (const slot of this.slots) {
      if (slot.round > round && slot.state.kind !== "answered") {
        slot.state = { kind: "answered", answer: { kind: "end" } };
      }
    }
  }

  /** Notes that a round was skipped. */
  noteSkip(round: number): void {
    this.#skipped.push(round);
    if (this.#skipped.length > KEPT_SKIPS) this.#skipped.shift();
  }
}

function addressesOf({ address, dataAddresses = [] }: CoordinatedListing): readonly string[] {
  return [...dataAddresses, address];
}
