/** The clock port: whoever needs the time or a delay takes a {@linkcode Clock}, so that tests decide what time it is. */

/** A timer that has been set; disposing of it clears it. */
export interface Timer extends Disposable {
  /** Clears the timer; nothing happens if it has fired already. */
  clear(): void;
}

/** Where time comes from. All times and delays are in milliseconds. */
export interface Clock {
  /** Milliseconds since the Unix epoch; never goes back within one process. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds. */
  setTimer(callback: () => void, ms: number): Timer;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as `signal` is aborted. */
  sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>;
}

/** Builds the sleep of a clock from its timers. */
export function sleepWith(
  setTimer: Clock["setTimer"],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const timer = setTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      timer.clear();
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

// setTimeout turns delays over 2^31 - 1 ms into 1 ms; a day is short enough for any timer here to be set again.
const LONGEST_TIMEOUT_MS = 86_400_000;

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimer(callback, ms) {
    let handle: ReturnType<typeof setTimeout>;
    const arm = (rest: number) => {
      const step = Math.min(rest, LONGEST_TIMEOUT_MS);
      handle = setTimeout(() => rest > step ? arm(rest - step) : callback(), step);
    };
    arm(ms);
    const clear = () => clearTimeout(handle);
    return { clear, [Symbol.dispose]: clear };
  },
  sleep: (ms, options) => sleepWith(systemClock.setTimer, ms, options?.signal),
};
