/** The journal port: where updates are kept so that a dispatcher that starts again knows what it knew. */

import type { Outlives } from "../core/decision.ts";
import type { DispatcherState, StateView } from "../core/state.ts";
import type { Update } from "../core/updates.ts";

/** A state that stands for all updates before it; only the first thing that is replayed can be one. */
export interface StateSnapshot {
  readonly type: "snapshot";
  /** Owned by whoever replays. */
  readonly state: DispatcherState;
}

/** How a journal lets go of updates that a state can stand for. */
export interface Snapshots {
  /** Whether so much was appended since the last snapshot that one is worth its cost. */
  readonly wanted: boolean;
  /**
   * Takes the state that all appends so far have led to, as it is now, and writes it down by itself while it changes.
   * One that cannot be kept is no failure: the updates are there.
   */
  take(state: StateView): void;
}

/**
 * A journal has one user. It is replayed once, to its end, before the first append, and takes no append after
 * {@linkcode Journal.close}. Whoever implements it runs the contract suite of `tests/dispatcher/`.
 */
export interface Journal {
  /** Whether what was appended can be replayed after the dispatcher's process is gone. */
  readonly durable: boolean;
  /**
   * All updates that were appended since the journal was made, by whatever process, in their order; a snapshot may
   * stand for the first of them. A torn last append (its promise never resolved) is left out as a whole.
   *
   * @throws {DataLossError} naming the place, if what was kept is damaged
   * @throws {FailedPreconditionError} if somebody else uses the journal, or another version wrote it
   */
  replay(): AsyncIterable<Update | StateSnapshot>;
  /**
   * Keeps updates, all or none; takes what it needs of them before it returns. Resolves when they are safe;
   * appends resolve in the order in which they were made, and many may wait at a time. After a rejection every later
   * append rejects, too, until {@linkcode Journal.recover} has resolved. What was rejected is not forgotten: whoever
   * appended has it in its state already.
   *
   * Updates that need to outlive the process alone are safe sooner: when they are with the operating system. The next
   * append of others waits until they are as safe. @default "machine"
   */
  append(updates: readonly Update[], outlives?: Outlives): Promise<void>;
  /**
   * The same for updates that need to outlive the process alone, at once: they are safe when it returns true. False:
   * nothing was done, since something before them is on its way; append them.
   *
   * Throws where `append` would reject.
   */
  appendNow?(updates: readonly Update[]): boolean;
  /**
   * After a rejection: keeps what was rejected, all of it and in its order. Resolves when that is safe and the journal
   * takes appends again; rejects if it cannot be yet, and may be called again. Missing: no append is ever rejected, but
   * by a journal that is closed or not replayed.
   */
  recover?(): Promise<void>;
  /** Missing: the journal keeps every update, or none. */
  readonly snapshots?: Snapshots;
  /** Waits for appends under way and lets go of files and handles. Closing twice is fine. */
  close(): Promise<void>;
}
