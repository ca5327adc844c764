import { backoffMs, type BackoffOptions, type Clock, type Log, messageOf, type Random } from "../base/mod.ts";
import { isRetryable } from "../rpc/mod.ts";

/** How calls of the dispatcher are repeated. */
export interface RetryOptions extends BackoffOptions {
  clock: Clock;
  random: Random;
  log: Log;
  /** Ends the retries with its reason. */
  signal: AbortSignal;
  /** How long to go on, in milliseconds; after that the last error is thrown. */
  timeoutMs: number;
  /** What is being tried, for the log: "Cannot <what>". */
  what: string;
}

// A dispatcher that restarts is not worth a line; one that stays away is.
const WARN_AFTER_MS = 1_000;

/**
 * Calls until the answer is not "try again later".
 *
 * @throws the call's error if it is final, the last one after `timeoutMs`, the signal's reason once it is aborted
 */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, log, signal, timeoutMs, what } = options;
  const begun = clock.now();
  let warned = false;
  for (let attempt = 0;; attempt++) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      const waited = clock.now() - begun;
      if (!isRetryable(error) || waited >= timeoutMs) throw error;
      if (!warned && waited >= WARN_AFTER_MS) {
        warned = true;
        log.warn(`Cannot ${what} for now, trying on`, { reason: messageOf(error) });
      }
      await clock.sleep(backoffMs(attempt, random, options), { signal });
    }
  }
}
