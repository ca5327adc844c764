import { type Clock, DeadlineExceededError, raceAbort } from "../base/mod.ts";

/** Longest time that one call may take, in milliseconds. Whoever still wants an answer then calls again. */
export const CALL_TIMEOUT_MS = 10_000;

/** What a call of an RPC client takes. */
export interface DeadlineOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/**
 * Makes one call that ends by its deadline even if the other side, or the transport, never does.
 *
 * @throws {DeadlineExceededError} if there was no answer in `timeoutMs` milliseconds
 * @throws the signal's reason once it is aborted
 */
export async function callWithDeadline<T>(
  send: (options: DeadlineOptions) => Promise<T>,
  options: { clock: Clock; timeoutMs?: number; signal?: AbortSignal },
): Promise<T> {
  const { clock, timeoutMs = CALL_TIMEOUT_MS, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const forward = () => controller.abort(signal!.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const timer = clock.setTimer(
    () => controller.abort(new DeadlineExceededError(`No answer in ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    // The transport rounds its own deadline up to whole milliseconds; this one is the first to ring.
    const sent = send({ signal: controller.signal, timeoutMs: Math.ceil(timeoutMs) + 1 });
    return await raceAbort(sent, controller.signal);
  } finally {
    timer.clear();
    signal?.removeEventListener("abort", forward);
  }
}
