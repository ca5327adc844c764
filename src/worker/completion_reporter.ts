import { type Clock, type Log, messageOf, raceAbort, type Timer, UnavailableError } from "../base/mod.ts";
import { isRetryable } from "../rpc/mod.ts";

/** What a {@linkcode CompletionReporter} works with. */
export interface CompletionReporterOptions {
  /** Tells the dispatcher that a task is completed. */
  send: (taskId: bigint) => Promise<void>;
  /** The completed tasks of which the dispatcher has not heard. */
  unreported: () => readonly bigint[];
  /** The dispatcher has heard of it, or does not want to. */
  onReported: (taskId: bigint) => void;
  clock: Clock;
  log: Log;
}

const RETRY_MS = 2_000;

/** Tells the dispatcher of completed tasks, again and again until it has heard. */
export class CompletionReporter {
  readonly #options: CompletionReporterOptions;
  #sending = new Map<bigint, Promise<void>>();
  #retry: Timer | null = null;
  #stopped = false;

  /** Makes a reporter that has nothing to say yet. */
  constructor(options: CompletionReporterOptions) {
    this.#options = options;
  }

  /** Sends one report of a task; one that fails is repeated later. Does not reject. */
  report(taskId: bigint): void {
    this.#attempt(taskId).catch(() => {});
  }

  /**
   * Resolves when the dispatcher has heard of the task.
   *
   * @throws {UnavailableError} if it could not be told now; it will be, and the caller may ask again
   */
  async told(taskId: bigint, signal: AbortSignal): Promise<void> {
    if (!this.#options.unreported().includes(taskId)) return;
    await raceAbort(this.#attempt(taskId), signal);
  }

  /** Ends the repetitions. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.clear();
  }

  #attempt(taskId: bigint): Promise<void> {
    let attempt = this.#sending.get(taskId);
    if (!attempt) {
      attempt = this.#send(taskId).finally(() => this.#sending.delete(taskId));
      this.#sending.set(taskId, attempt);
    }
    return attempt;
  }

  async #send(taskId: bigint): Promise<void> {
    const { send, onReported, log } = this.#options;
    try {
      await send(taskId);
    } catch (error) {
      const reason = messageOf(error);
      if (isRetryable(error)) {
        this.#retryLater();
        throw new UnavailableError(`Cannot tell the dispatcher that task ${taskId} is completed: ${reason}`, {
          cause: error,
        });
      }
      // A dispatcher that does not know the task has lost its state, or nobody wants the task any more.
      log.warn("The dispatcher does not take note of a completed task", { task: String(taskId), reason });
    }
    onReported(taskId);
  }

  #retryLater(): void {
    if (this.#retry || this.#stopped) return;
    this.#retry = this.#options.clock.setTimer(() => {
      this.#retry = null;
      for (const taskId of this.#options.unreported()) this.report(taskId);
    }, RETRY_MS);
  }
}
