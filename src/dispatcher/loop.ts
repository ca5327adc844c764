/** The shell around the core: what is decided becomes visible only when it is durable. */

import {
  backoffMs,
  type Clock,
  type MaybePromise,
  messageOf,
  type Random,
  UnavailableError,
} from "../base/mod.ts";
import type { DispatcherCore } from "./core/core.ts";
import type { Command, Handler, Outlives } from "./core/decision.ts";
import type { Update } from "./core/updates.ts";
import type { Journal } from "./journal/journal.ts";

// Somebody has to make room, and waits for nothing then.
const RETRY = { initialMs: 100, maxMs: 2_000 };

/** What a loop is made of. */
export interface LoopOptions {
  core: DispatcherCore;
  journal: Journal;
  clock: Clock;
  random: Random;
  /** Runs what a decision commands; the reply waits for it, so it must end by itself. */
  execute(commands: readonly Command[]): Promise<void>;
  /** Told when the journal takes nothing more. */
  onFailure(error: UnavailableError): void;
  /** Told when it does again; `ms`: how long it did not. */
  onRecovery(ms: number): void;
  /** Ends the attempts to go on after a failure. */
  signal: AbortSignal;
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
 *
 * When the journal fails, the state is ahead of it: nobody gets a reply and no event is run until the journal has
 * caught up, which is tried again and again. Whoever was refused meanwhile repeats the request, and finds it done.
 */
export class Loop {
  readonly #options: LoopOptions;
  /** The latest append that is not known to be durable; appends end in order, so it stands for all before it. */
  #tail: Promise<void> | null = null;
  #failure: UnavailableError | null = null;
  /** Commands of events whose updates were rejected. */
  #owed: Command[] = [];

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
        if (updates.length > 0 && !this.#appendNow(updates, outlives, commands)) {
          this.#append(updates, outlives);
        }
        if (this.#tail || commands.length > 0) return this.#finish(commands);
      },
    };
  }

  async #finish(commands: readonly Command[]): Promise<void> {
    try {
      if (this.#tail) await this.#tail;
    } catch (error) {
      this.#owed.push(...commands);
      throw error;
    }
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

  #appendNow(updates: readonly Update[], outlives: Outlives, commands: readonly Command[]): boolean {
    const { journal } = this.#options;
    if (outlives !== "process" || this.#tail) return false;
    try {
      if (!journal.appendNow?.(updates)) return false;
    } catch (error) {
      this.#owed.push(...commands);
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
      this.#recover().catch(() => {}); // Rejects when there is nobody to recover for.
    }
    return this.#failure;
  }

  async #recover(): Promise<void> {
    const { journal, clock, random, execute, onRecovery, signal } = this.#options;
    if (!journal.recover) return;
    const since = clock.now();
    for (let attempt = 0;; attempt++) {
      await clock.sleep(backoffMs(attempt, random, RETRY), { signal });
      try {
        await journal.recover();
        break;
      } catch {
        // What keeps it from going on was told when it failed.
      }
    }
    if (signal.aborted) return;
    this.#failure = null;
    onRecovery(clock.now() - since);
    await execute(this.#owed.splice(0));
  }
}
