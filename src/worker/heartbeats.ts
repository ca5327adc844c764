import { backoffMs, type Clock, type Log, messageOf, type Random } from "../base/mod.ts";

/** What {@linkcode Heartbeats} work with. */
export interface HeartbeatsOptions {
  /** Sends one heartbeat; gives the time until the next, in milliseconds. */
  beat: () => Promise<number>;
  /** Time until the first one, in milliseconds. */
  firstMs: number;
  clock: Clock;
  random: Random;
  log: Log;
}

// A dispatcher that restarts must find its workers again soon, however rare their heartbeats are.
const RETRY = { initialMs: 500, maxMs: 5_000 };

/** Sends heartbeats one after the other until it is stopped. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #abort = new AbortController();
  #hurry: AbortController | null = null;
  /** Whether the next one is due at once; asked for while one is on its way, it waits for that. */
  #urgent = false;

  /** Begins. */
  constructor(options: HeartbeatsOptions) {
    this.#options = options;
    this.#run();
  }

  /** Sends the next one at once. */
  now(): void {
    this.#urgent = true;
    this.#hurry?.abort();
  }

  /** Ends. Idempotent. */
  stop(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { beat, firstMs, clock, random, log } = this.#options;
    let delay = firstMs;
    let failures = 0;
    while (await this.#pause(clock, delay)) {
      this.#urgent = false;
      try {
        delay = await beat();
        failures = 0;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (failures === 0) log.warn("A heartbeat to the dispatcher failed", { reason: messageOf(error) });
        delay = Math.min(firstMs, backoffMs(failures++, random, RETRY));
      }
    }
  }

  /** Waits for the time, or until there is hurry; says whether to go on. */
  async #pause(clock: Clock, ms: number): Promise<boolean> {
    if (this.#urgent) return !this.#abort.signal.aborted;
    this.#hurry = new AbortController();
    await clock.sleep(ms, { signal: AbortSignal.any([this.#abort.signal, this.#hurry.signal]) }).catch(
      () => {},
    );
    return !this.#abort.signal.aborted;
  }
}
