import { InternalError, type MaybePromise } from "../../base/mod.ts";
import type { Split } from "../../executor/mod.ts";

/** What the dispatcher answers. */
export interface SplitGrant {
  readonly splits: readonly Split[];
  /** Nothing comes after them in this repetition. */
  readonly ended: boolean;
  /** The source has no elements in any repetition. */
  readonly sourceIsEmpty: boolean;
  /** The repetition that others have come to, where this one has ended: all before it are given out. @default 0 */
  readonly currentRepetition?: number;
}

/** Asks the dispatcher for splits; a request that is sent again with the same `requestId` gets the same answer. */
export type AskForSplits = (repetition: number, requestId: number) => Promise<SplitGrant>;

/** The splits of one source of a task. */
export class SplitLease {
  readonly #ask: AskForSplits;
  #repetition = 0;
  /** All repetitions before this one are given out: a worker that comes late passes over them without asking. */
  #present = 0;
  /** Leased and not begun; the next one is the last. */
  #waiting: Split[] = [];
  #ended = false;
  #isEmpty = false;
  #loading: Promise<void> | null = null;
  #requestId = 0;
  /** A request whose answer has not come: it may have leased splits, and must be sent again as it was. */
  #unanswered: { readonly repetition: number } | null = null;

  /** Makes a source that has leased nothing yet. */
  constructor(ask: AskForSplits) {
    this.#ask = ask;
  }

  /** Whether the source is known to have no elements in any repetition. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** The next split, or null after the last; a later `repetition` begins the source again. */
  next(repetition: number): MaybePromise<Split | null> {
    if (repetition < this.#repetition) return null;
    if (repetition > this.#repetition) {
      this.#repetition = repetition;
      this.#waiting = [];
      this.#ended = false;
    }
    return this.#take() ?? (this.#isOver(repetition) ? null : this.#wait(repetition));
  }

  #isOver(repetition: number): boolean {
    return this.#ended || repetition < this.#present;
  }

  #take(): Split | undefined {
    const split = this.#waiting.pop();
    // The next lease comes while the last split of this one is read. No earlier: what is leased and not begun
    // is kept from other workers.
    if (split && this.#waiting.length === 0 && !this.#ended) {
      this.#load().catch(() => {}); // Whoever needs the splits asks again, and gets the error then.
    }
    return split;
  }

  async #wait(repetition: number): Promise<Split | null> {
    while (repetition === this.#repetition && this.#waiting.length === 0 && !this.#isOver(repetition)) {
      await this.#load();
    }
    return (repetition === this.#repetition && this.#take()) || null;
  }

  #load(): Promise<void> {
    return this.#loading ??= this.#request().finally(() => this.#loading = null);
  }

  async #request(): Promise<void> {
    if (!this.#unanswered) {
      this.#requestId++;
      this.#unanswered = { repetition: this.#repetition };
    }
    const { repetition } = this.#unanswered;
    const { splits, ended, sourceIsEmpty, currentRepetition = 0 } = await this.#ask(
      repetition,
      this.#requestId,
    );
    this.#unanswered = null;
    if (splits.length === 0 && !ended) {
      throw new InternalError("Cannot read on: the dispatcher gave neither splits nor their end");
    }
    this.#isEmpty ||= sourceIsEmpty;
    this.#present = Math.max(this.#present, currentRepetition);
    if (repetition !== this.#repetition) return; // The pipeline has begun the source again in the meantime.
    this.#waiting = splits.toReversed();
    this.#ended = ended;
  }
}
