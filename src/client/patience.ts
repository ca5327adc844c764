/** Waiting for a dispatcher that cannot be reached: how long, with which words. */

import {
  backoffMs,
  type Clock,
  type Log,
  messageOf,
  type Random,
  type Timer,
  UnavailableError,
} from "../base/mod.ts";
import { isRetryable } from "../rpc/mod.ts";
import { CALL_TIMEOUT_MS, callWithDeadline, type DeadlineOptions } from "./call_with_deadline.ts";

/** A person should hear of a wait that is longer than this, in milliseconds. */
export const WARN_AFTER_MS = 1_000;

// An attempt that ends the wait may be cut off before the dispatcher can have answered.
const HURRIED_MS = 100;

/** One thing that is tried until it is done. */
export interface Patience {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What is tried, as it stands behind "Cannot": `register the dataset`. */
  readonly what: string;
  /** The dispatcher's target. */
  readonly service: string;
  /** How long it is tried, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Notes how a series of attempts goes, and finds the words for it. */
export class Attempts {
  readonly #patience: Patience;
  #count = 0;
  #last: unknown;

  /** No attempt so far. */
  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /**
   * How long to wait after this failure, in milliseconds. `isHurried`: the attempt had next to no time, so that it
   * says less than an earlier one.
   */
  failed(error: unknown, { isHurried = false } = {}): number {
    if (!isHurried || this.#count === 0) this.#last = error;
    return backoffMs(this.#count++, this.#patience.random);
  }

  /** Says after a second that somebody waits; clearing it says nothing. */
  warnLater(): Timer {
    const { clock, log, what, service, timeoutMs } = this.#patience;
    return clock.setTimer(() => {
      const last = this.#count > 0 ? messageOf(this.#last) : "no answer yet";
      log.warn(`Cannot ${what}: the dispatcher at ${service} is not available, still trying`, {
        lastFailure: last,
        dispatcherTimeoutMs: timeoutMs,
      });
    }, WARN_AFTER_MS);
  }

  /** The error of a series that took too long. */
  giveUp(): UnavailableError {
    const { what, service, timeoutMs } = this.#patience;
    const attempts = `${this.#count} attempt${this.#count === 1 ? "" : "s"}`;
    return new UnavailableError(
      `Cannot ${what}: the dispatcher at ${service} was not available for ${timeoutMs} ms, ` +
        `${attempts} failed, the last with: ${messageOf(this.#last)}`,
      { cause: this.#last },
    );
  }
}

/**
 * Calls a dispatcher again and again while it cannot be reached, does not answer or is not ready.
 *
 * @throws {UnavailableError} naming the dispatcher and what was tried, after `timeoutMs`
 * @throws the signal's reason as soon as it is aborted
 * @throws whatever a dispatcher that can be reached answers with
 */
export async function callPatiently<T>(
  send: (options: DeadlineOptions) => Promise<T>,
  patience: Patience,
): Promise<T> {
  const { clock, timeoutMs, signal } = patience;
  const attempts = new Attempts(patience);
  const end = clock.now() + timeoutMs;
  const warning = attempts.warnLater();
  try {
    for (;;) {
      // Even a timeout of nothing is worth one attempt, and one attempt is worth a moment.
      const left = Math.max(end - clock.now(), 1);
      try {
        return await callWithDeadline(send, { clock, timeoutMs: Math.min(left, CALL_TIMEOUT_MS), signal });
      } catch (error) {
        signal?.throwIfAborted();
        if (!isRetryable(error)) throw error;
        const delay = attempts.failed(error, { isHurried: left < HURRIED_MS });
        const rest = end - clock.now();
        if (rest <= 0) throw attempts.giveUp();
        await clock.sleep(Math.min(delay, rest), { signal });
      }
    }
  } finally {
    warning.clear();
  }
}
