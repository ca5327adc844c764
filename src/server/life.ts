/** The life of a server: started at most once, stopped for good, joined by whoever waits for its end. */

import { FailedPreconditionError } from "../base/mod.ts";

/** What a server does at the turns of its life. */
export interface LifeSteps {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes `start` and `stop` idempotent and lets others wait for the end. */
export class Life {
  readonly #steps: LifeSteps;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #ended = Promise.withResolvers<void>();

  /** A life that has not begun. */
  constructor(steps: LifeSteps) {
    this.#steps = steps;
    this.#ended.promise.catch(() => {}); // A start that failed is reported to whoever starts or joins.
  }

  /** @throws {FailedPreconditionError} after the stop */
  start(): Promise<void> {
    if (this.#stopping) {
      return Promise.reject(
        new FailedPreconditionError("Server cannot be started after it has been stopped: make a new one"),
      );
    }
    this.#starting ??= this.#steps.start().catch(async (error) => {
      this.#ended.reject(error);
      await this.stop();
      throw error;
    });
    return this.#starting;
  }

  /** Starts without waiting; a failure is seen by whoever starts again or joins. */
  startInBackground(): void {
    this.start().catch(() => {});
  }

  /** Resolves when the server has stopped; rejects with what its start failed with. */
  join(): Promise<void> {
    return this.#ended.promise;
  }

  /** Stops; further calls wait for the same end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#steps.stop().finally(() => this.#ended.resolve());
    return this.#stopping;
  }
}
