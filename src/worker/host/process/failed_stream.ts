import { deferred } from "../../../base/mod.ts";
import { toElementFailure, type WireBatch } from "../../../rpc/mod.ts";
import { emptyBatch } from "../../runners/element_stream.ts";
import type { StreamRequest } from "../../runners/task_runner.ts";

/**
 * The stream of a task whose process has ended: the reason, in the place of the next block, and nothing after it.
 * It stays open then, as a reader takes the end of a stream for a broken connection and comes back for the rest.
 */
export class FailedStream implements AsyncIterableIterator<WireBatch, void, void> {
  readonly #batch: WireBatch;
  readonly #signal: AbortSignal;
  readonly #left = deferred<void>();
  #isSent = false;

  /** `newSessionId` names the session where the reader has none. */
  constructor(error: Error, request: StreamRequest, newSessionId: string, signal: AbortSignal) {
    // Numbers, and errors among them, are for readers that acknowledge.
    if (request.limit === 0) throw error;
    const sessionId = request.sessionId || newSessionId;
    this.#batch = {
      ...emptyBatch({ sequence: request.next, sessionId, endOfSequence: false }),
      error: toElementFailure(error),
    };
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#left.resolve(), { once: true });
    if (signal.aborted) this.#left.resolve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<WireBatch, void>> {
    if (!this.#isSent) {
      this.#isSent = true;
      return { done: false, value: this.#batch };
    }
    await this.#left.promise;
    this.#signal.throwIfAborted();
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<WireBatch, void>> {
    this.#left.resolve();
    return Promise.resolve({ done: true, value: undefined });
  }
}
