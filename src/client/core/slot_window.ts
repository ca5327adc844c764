/** How far ahead of the program a consumer of a coordinated read asks. */

/** Elements that wait or are asked for, unless the user says otherwise. */
export const DEFAULT_SLOTS = 32;

// Each task has a few rounds on their way, or the time to its worker and back would count for every round.
const SLOTS_PER_TASK = 4;

// No consumer may be further ahead of another than a worker that has started anew can make up for.
const MOST_SLOTS = 1_024;

// The weight of the newest element in the running mean.
const NEWEST_WEIGHT = 0.25;

/** The bounds of a consumer's buffer. */
export interface SlotWindowOptions {
  /** Elements that wait or are asked for; null: {@linkcode DEFAULT_SLOTS}, or more for many tasks. */
  readonly maxSlots: number | null;
  /** Bytes that these may have, as far as can be foreseen; one element is always allowed. */
  readonly maxBytes: number;
}

/** Says how many elements a consumer may have waiting or asked for. */
export class SlotWindow {
  readonly #options: SlotWindowOptions;
  #meanBytes = 0;

  /** Starts without an idea of the elements' size. */
  constructor(options: SlotWindowOptions) {
    this.#options = options;
  }

  /** Learns the size of an element. */
  observe(bytes: number): void {
    this.#meanBytes += this.#meanBytes === 0 ? bytes : (bytes - this.#meanBytes) * NEWEST_WEIGHT;
  }

  /** Whether one more may be asked for when `slots` wait or are asked for, with `tasks` tasks to read. */
  hasRoom(slots: number, tasks: number): boolean {
    const { maxSlots, maxBytes } = this.#options;
    const most = maxSlots ?? Math.max(DEFAULT_SLOTS, SLOTS_PER_TASK * tasks);
    const byBytes = this.#meanBytes === 0 ? SLOTS_PER_TASK : Math.floor(maxBytes / this.#meanBytes);
    return slots < Math.max(1, Math.min(most, MOST_SLOTS, maxSlots === null ? byBytes : most));
  }
}
