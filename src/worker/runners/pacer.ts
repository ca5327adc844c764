import type { Clock } from "../../base/mod.ts";
import { type TurnLoop, turnLoop } from "./yield_to_loop.ts";

// The clock is looked at about twice in a millisecond of work. More pulls than the most in between would let a
// pipeline that suddenly becomes slow hold up heartbeats for too long; they are enough to make the look cost nothing.
const LOOK_EVERY_MS = 0.5;
const MOST_PULLS = 128;

// A long stretch of work must not keep heartbeats waiting. Where a block has just been finished there is something
// to be written, and sockets get on only while the event loop turns.
const LONGEST_STRETCH_MS = 8;
const STRETCH_AFTER_BLOCK_MS = 2;

// A wait for sockets costs about a millisecond. So often it costs little, and no request waits for much longer.
const WAIT_EVERY_MS = 25;

/** Says how many elements may be pulled before the clock must be looked at, and when the event loop must turn. */
export class Pacer {
  readonly #clock: Clock;
  readonly #turnLoop: TurnLoop;
  #pulls = 1;
  #lookedAt: number;
  #turnedAt: number;
  #waitedAt: number;

  /** Starts at the clock's present time. */
  constructor(clock: Clock, turn: TurnLoop = turnLoop) {
    this.#clock = clock;
    this.#turnLoop = turn;
    this.#lookedAt = this.#turnedAt = this.#waitedAt = clock.now();
  }

  /** How many elements to pull before the next {@linkcode Pacer.look}. */
  get pulls(): number {
    return this.#pulls;
  }

  /** Begins a stretch after a time in which nothing was pulled; gives the time. */
  begin(): number {
    return this.#lookedAt = this.#clock.now();
  }

  /** Notes that {@linkcode Pacer.pulls} elements have been pulled; gives the time. */
  look(): number {
    const now = this.#clock.now();
    const elapsed = now - this.#lookedAt;
    this.#lookedAt = now;
    if (elapsed < LOOK_EVERY_MS / 2) this.#pulls = Math.min(MOST_PULLS, this.#pulls * 2);
    else if (elapsed > LOOK_EVERY_MS * 2) {
      this.#pulls = Math.max(1, Math.floor(this.#pulls * LOOK_EVERY_MS / elapsed));
    }
    return now;
  }

  /** Lets the event loop turn if it has not for too long; the promise is undefined where there is nothing to wait for. */
  turn(now: number, { afterBlock = false }: { afterBlock?: boolean } = {}): Promise<void> | undefined {
    const longest = afterBlock ? STRETCH_AFTER_BLOCK_MS : LONGEST_STRETCH_MS;
    if (now - this.#turnedAt < longest) return undefined;
    return this.#turn(now - this.#waitedAt >= WAIT_EVERY_MS);
  }

  async #turn(wait: boolean): Promise<void> {
    await this.#turnLoop(wait);
    this.#lookedAt = this.#turnedAt = this.#clock.now();
    if (wait) this.#waitedAt = this.#turnedAt;
  }
}
