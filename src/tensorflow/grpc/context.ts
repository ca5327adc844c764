/** What a handler knows of its call beside the request. */

/** A call that is being answered. */
export interface GrpcContext {
  /** Aborted when nobody waits for the answer any more: the caller left, its deadline passed, the server stops. */
  readonly signal: AbortSignal;
}

/** Makes the signal only for handlers that ask for it: most answer at once, and it costs microseconds. */
export class CallContext implements GrpcContext {
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  /** See {@linkcode GrpcContext.signal}. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** Tells the handler. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }
}
