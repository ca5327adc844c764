import type { ExecutionContext } from "./context.ts";

/** One execution with all its nested datasets: what it was given, and whether it still goes on. */
export class Run {
  /** What the execution was given. */
  readonly context: ExecutionContext;
  /** Errors that no operator may skip, because the next pull would meet them again. */
  readonly fatal: WeakSet<object> = new WeakSet();
  /** How often something began of which the reader of a checkpoint may have had everything. */
  resumed = 0;
  #controller: AbortController | null = null;
  #seed: number | null = null;
  #stopped: { reason: unknown } | null = null;

  /** Begins. */
  constructor(context: ExecutionContext) {
    this.context = context;
  }

  /** Aborted when the reader leaves or closes the iterator. User functions and file readers get it. */
  get signal(): AbortSignal {
    // Made on demand: most pipelines have nobody who looks at it.
    this.#controller ??= new AbortController();
    if (this.#stopped) this.#controller.abort(this.#stopped.reason);
    return this.#controller.signal;
  }

  /** What all chance in it comes from that the user left unseeded. */
  get seed(): number {
    return this.#seed ??= this.context.random.uint32();
  }

  /** Whether the reader has left: background work must not go on. */
  get stopped(): boolean {
    return this.#stopped !== null;
  }

  /** Ends the execution; only the first reason counts. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#controller?.abort(this.#stopped.reason);
  }

  /** Marks an error that {@linkcode Run.fatal} holds from then on, and gives it back. */
  markFatal(error: unknown): unknown {
    if (typeof error === "object" && error !== null) this.fatal.add(error);
    return error;
  }
}
