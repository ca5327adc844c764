import type { Clock, Timer } from "../../../base/mod.ts";

/** What a {@linkcode Watchdog} works with. */
export interface WatchdogOptions {
  readonly clock: Clock;
  /** How long no answer may come, in milliseconds. */
  readonly timeoutMs: number;
  /** Asks for an answer. */
  readonly ping: (id: number) => void;
  /** No answer came for that long; called at most once. */
  readonly onSilent: () => void;
}

/**
 * Asks in each quarter of the time, and counts the quarters without an answer: were it to compare times, a worker
 * that was suspended itself would kill everybody when it wakes up.
 */
const QUARTERS = 4;

/** Finds out whether a process still turns its event loop. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #asked = 0;
  #answered = 0;
  #timer: Timer | null;

  /** Begins. */
  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#timer = this.#arm();
  }

  /** The answer number `id` has come. */
  pong(id: number): void {
    this.#answered = Math.max(this.#answered, Math.min(id, this.#asked));
  }

  /** Ends. Idempotent. */
  stop(): void {
    this.#timer?.clear();
    this.#timer = null;
  }

  #arm(): Timer {
    const { clock, timeoutMs } = this.#options;
    return clock.setTimer(() => this.#tick(), timeoutMs / QUARTERS);
  }

  #tick(): void {
    if (this.#asked - this.#answered >= QUARTERS) {
      this.#timer = null;
      return this.#options.onSilent();
    }
    this.#options.ping(++this.#asked);
    this.#timer = this.#arm();
  }
}
