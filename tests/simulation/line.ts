import type { Peer } from "./network.ts";

/** What one call waits for, a thing after the other: it ends at once when either side dies or the caller gives up. */
export class Line {
  readonly #signals: AbortSignal[] = [];
  readonly #caller: AbortSignal | null;
  readonly #onAbort = () => this.#break();
  #reject: ((reason: unknown) => void) | null = null;
  /** Called once when the line breaks, also while nothing is waited for. */
  onBreak: (() => void) | null = null;
  #failure: { readonly reason: unknown } | null = null;

  /** Of a call of `from`, which ends with `caller`. */
  constructor(from: Peer, caller: AbortSignal | null) {
    this.#caller = caller;
    this.#watch(from.gone);
    if (caller) this.#watch(caller);
  }

  /** From now on the call ends with `to`, too. */
  reach(to: Peer): void {
    this.#watch(to.gone);
  }

  /** What `promise` gives, unless the line breaks before. */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject);
      if (this.#failure) reject(this.#failure.reason);
      else this.#reject = reject;
    });
  }

  /** Nobody waits any more. */
  close(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#onAbort);
  }

  #watch(signal: AbortSignal): void {
    if (signal.aborted) return this.#break();
    this.#signals.push(signal);
    signal.addEventListener("abort", this.#onAbort);
  }

  #break(): void {
    const caller = this.#caller;
    this.#failure ??= { reason: caller?.aborted ? caller.reason : new TypeError("connection reset") };
    this.#reject?.(this.#failure.reason);
    this.close();
    this.onBreak?.();
  }
}
