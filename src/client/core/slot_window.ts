/** How far ahead of the program a consumer of a coordinated read asks. */

// Each task has a few rounds on their way, or the time to its worker and back would count for every round.
const FIRST_SLOTS_PER_TASK = 4;

// A program that is faster than that has its requests bring more, for each costs about as much as one for one element.
const MOST_SLOTS_PER_TASK = 64;

// No consumer may be further ahead of another than a worker that has started anew can make up for.
const MOST_SLOTS = 1_024;

// The weight of the newest element in the running mean.
const NEWEST_WEIGHT = 0.25;

/** The bounds of a consumer's buffer. */
export interface SlotWindowOptions {
  /** Elements that wait or are asked for; null: from 4 to 64 for each task, as fast as the program is. */
  readonly maxSlots: number | null;
  /** Bytes that these may have, as far as can be foreseen; one element is always allowed. */
  readonly maxBytes: number;
}

/**
 * Says how many elements a consumer may have waiting or asked for. It is no more than a program needs: a worker that
 * joins is not read before the program is through with all of them.
 */
export class SlotWindow {
  readonly #options: SlotWindowOptions;
  #slotsPerTask = FIRST_SLOTS_PER_TASK;
  #meanBytes = 0;

  /** Starts without an idea of the elements' size. */
  constructor(options: SlotWindowOptions) {
    this.#options = options;
  }

  /** Learns the size of an element. */
  observe(bytes: number): void {
    this.#meanBytes += this.#meanBytes === 0 ? bytes : (bytes - this.#meanBytes) * NEWEST_WEIGHT;
  }

  /** The program had to wait although elements were asked for: more of them may be. */
  starved(): void {
    this.#slotsPerTask = Math.min(2 * this.#slotsPerTask, MOST_SLOTS_PER_TASK);
  }

  /** How many may wait or be asked for, with `tasks` tasks to read. */
  mostOf(tasks: number): number {
    const { maxSlots, maxBytes } = this.#options;
    if (maxSlots !== null) return Math.min(maxSlots, MOST_SLOTS);
    // Before the first element has come, nobody knows whether elements are 8 bytes or 200 MB.
    const most = this.#meanBytes === 0
      ? FIRST_SLOTS_PER_TASK * tasks
      : Math.min(this.#slotsPerTask * tasks, Math.floor(maxBytes / this.#meanBytes));
    return Math.max(1, Math.min(most, MOST_SLOTS));
  }
}
