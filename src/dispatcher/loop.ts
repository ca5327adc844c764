/** The shell around the core: what is decided becomes visible only when it is durable. */

import { type Clock, type MaybePromise, messageOf, UnavailableError } from "../base/mod.ts";
import type { DispatcherCore } from "./core/core.ts";
import type { Command, Handler, Outlives } from "./core/decision.ts";
import type { Update } from "./core/updates.ts";
import type { Journal } from "./journal/journal.ts";

/** What a loop is made of. */
export interface LoopOptions {
  core: DispatcherCore;
  journal: Journal;
  clock: Clock;
  /** Runs what a decision commands; the reply waits for it, so it must end by itself. */
  execute(commands: readonly Command[]): Promise<void>;
  /** Told once, when the journal takes nothing more and the dispatcher can only stop. */
  onFailure(error: UnavailableError): void;
}

/** An event that was decided on. */
export interface Decided<R> {
  readonly reply: R;
  /**
   * Notes it, and does what it commands; undefined: it is done. Nobody may see the reply before. To be called in the
   * turn of the decision, before the next one.
   *
   * Throws, or rejects with, UnavailableError if the journal fails.
   */
  commit(): MaybePromise<void>;
}

/**
 * Runs events through the core one by one. Each reply waits until all updates so far are durable, also those
 * of other events: it was read off a state that holds them, and a crash must not take back what somebody saw.
 */
export class Loop {
  readonly #options: LoopOptions;
  /** The latest append that is not known to be durable; appends end in order, so it stands for all before it. */
  #tail: Promise<void> | null = null;
  #failure: UnavailableError | null = null;

  /** Makes a loop that waits for events. */
  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Runs one event. Rejects with the handler's refusal, or with UnavailableError if the journal fails. */
  async run<Q, R>(handler: Handler<Q, R>, request: Q): Promise<R> {
    const { reply, commit } = this.decide(handler, request);
    await commit();
    return reply;
  }

  /**
   * The same in two steps, for a reply that is to leave in the very moment in which it may: what the end of the process
   * finds noted and not sent is lost.
   */
  decide<Q, R>(handler: Handler<Q, R>, request: Q): Decided<R> {
    if (this.#failure) throw this.#failure;
    const { core, clock } = this.#options;
    const { reply, updates, outlives, commands } = core.handle(handler, request, clock.now());
    return {
      reply,
      commit: () => {
        if (this.#failure) throw this.#failure;
        if (updates.length > 0 && !this.#appendNow(updates, outlives)) this.#append(updates, outlives);
        if (this.#tail || commands.length > 0) return this.#finish(commands);
      },
    };
  }

  async #finish(commands: readonly Command[]): Promise<void> {
    if (this.#tail) await this.#tail;
    if (commands.length > 0) await this.#options.execute(commands);
  }

  /** Whether nothing is on its way to the journal. */
  get isSettled(): boolean {
    return this.#tail === null;
  }

  /** Resolves when nothing is on its way to the journal any more. Rejects if that fails. */
  async settled(): Promise<void> {
    while (this.#tail) await this.#tail;
    if (this.#failure) throw this.#failure;
  }

  #appendNow(updates: readonly Update[], outlives: Outlives): boolean {
    const { journal } = this.#options;
    if (outlives !== "process" || this.#tail) return false;
    try {
      if (!journal.appendNow?.(updates)) return false;
    } catch (error) {
      throw this.#fail(error);
    }
    this.#snapshot();
    return true;
  }

  #append(updates: readonly Update[], outlives: Outlives): void {
    const { journal } = this.#options;
    const append = journal.append(updates, outlives).then(
      () => {
        if (this.#tail === append) this.#tail = null;
      },
      (error) => {
        if (this.#tail === append) this.#tail = null;
        throw this.#fail(error);
      },
    );
    // Whoever waits for a reply gets the rejection; nobody may be waiting when a tick's append fails.
    append.catch(() => {});
    this.#tail = append;
    this.#snapshot();
  }

  /** Here and now: the state holds what was appended and nothing else. */
  #snapshot(): void {
    const { core, journal } = this.#options;
    if (journal.snapshots?.wanted) journal.snapshots.take(core.state);
  }

  /** The state in memory is ahead of the journal from now on, so that no further reply may leave. */
  #fail(error: unknown): UnavailableError {
    if (!this.#failure) {
      this.#failure = new UnavailableError(`Cannot go on: the journal failed: ${messageOf(error)}`, {
        cause: error,
      });
      this.#options.onFailure(this.#failure);
    }
    return this.#failure;
  }
}
