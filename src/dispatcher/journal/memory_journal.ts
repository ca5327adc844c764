import { FailedPreconditionError } from "../../base/mod.ts";
import type { Update } from "../core/updates.ts";
import type { Journal } from "./journal.ts";

/** What a memory journal may be given. */
export interface MemoryJournalOptions {
  /**
   * Where updates are kept: a journal made later with the same array replays them, as a test does that restarts
   * a dispatcher.
   *
   * @default nowhere: memory must not grow with every split of a dispatcher that forgets when it stops
   */
  keep?: Update[];
}

/** The journal of a dispatcher that is not fault tolerant, and the twin of the others in tests. */
export function createMemoryJournal(options: MemoryJournalOptions = {}): Journal {
  const { keep } = options;
  const done = Promise.resolve();
  let closed = false;
  return {
    durable: keep !== undefined,
    async *replay() {
      // Copies, because the state that is made of them may share their parts.
      for (const update of [...keep ?? []]) yield structuredClone(update);
    },
    append(updates) {
      if (closed) {
        return Promise.reject(new FailedPreconditionError("Cannot append to the journal: it is closed"));
      }
      for (const update of updates) keep?.push(structuredClone(update));
      return done;
    },
    close() {
      closed = true;
      return done;
    },
  };
}
