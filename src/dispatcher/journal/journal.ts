/** The journal port: where updates are kept so that a dispatcher that starts again knows what it knew. */

import type { Update } from "../core/updates.ts";

/**
 * A journal has one user. It is replayed once, to its end, before the first append, and takes no append after
 * {@linkcode Journal.close}. Whoever implements it runs the contract suite of `tests/dispatcher/`.
 */
export interface Journal {
  /** Whether what was appended can be replayed after the dispatcher's process is gone. */
  readonly durable: boolean;
  /**
   * All updates that were appended since the journal was made, by whatever process, in their order. A torn last
   * append (its promise never resolved) is left out as a whole.
   *
   * @throws {DataLossError} naming the place, if what was kept is damaged
   */
  replay(): AsyncIterable<Update>;
  /**
   * Keeps updates, all or none; takes what it needs of them before it returns. Resolves when they are safe;
   * appends resolve in the order in which they were made, and many may wait at a time. After a rejection the
   * journal takes nothing more: every later append rejects too.
   */
  append(updates: readonly Update[]): Promise<void>;
  /** Waits for appends under way and lets go of files and handles. Closing twice is fine. */
  close(): Promise<void>;
}
