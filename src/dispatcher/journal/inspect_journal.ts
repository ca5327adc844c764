/** A journal for people: what is in it and whether it is sound. */

import { DataLossError, messageOf } from "../../base/mod.ts";
import { apply } from "../core/apply.ts";
import { createState, type DispatcherState } from "../core/state.ts";
import type { Update } from "../core/updates.ts";
import type { JournalFiles } from "./journal_files.ts";
import { readJournal } from "./read_journal.ts";

/** A line of a journal. */
export interface JournalLine {
  readonly file: string;
  /** Where it begins; updates that were written together share a place. */
  readonly offset: number;
  /** What happened; bytes are given by their number. */
  readonly event: { readonly type: string; readonly [field: string]: unknown };
}

/** What a journal comes to. */
export interface JournalSummary {
  readonly updates: number;
  /** Where the updates begin: with nothing, or with a snapshot. */
  readonly snapshot: string | null;
  /** Bytes at the end that are of a write which a crash cut short; the next start cuts them off. */
  readonly torn: { readonly file: string; readonly offset: number; readonly bytes: number } | null;
}

/**
 * Reads a journal without changing it, and folds it as a dispatcher that starts would. Calls `onLine` for each
 * update, and for the snapshot before them. Not for the journal of a dispatcher that runs: its files may go while
 * they are read.
 *
 * @returns null if there is no journal
 * @throws {DataLossError} naming file and offset, if it is damaged
 * @throws {FailedPreconditionError} if another version wrote it
 */
export async function inspectJournal(
  files: JournalFiles,
  onLine: (line: JournalLine) => void,
): Promise<JournalSummary | null> {
  let state = createState();
  let isThere = false;
  let updates = 0;
  let snapshot: string | null = null;
  let torn: JournalSummary["torn"] = null;
  for await (const item of readJournal({ files })) {
    isThere = true;
    const { file, offset, bytes } = item;
    switch (item.kind) {
      case "snapshot":
        state = item.state;
        snapshot = file;
        onLine({ file, offset, event: { type: "snapshot", ...countsOf(state) } });
        break;
      case "updates":
        for (const update of item.updates) {
          fold(state, update, file, offset);
          onLine({ file, offset, event: showBytes(update) as JournalLine["event"] });
          updates++;
        }
        break;
      case "end":
        if (bytes > 0) torn = { file, offset, bytes };
        break;
    }
  }
  return isThere ? { updates, snapshot, torn } : null;
}

function fold(state: DispatcherState, update: Update, file: string, offset: number): void {
  try {
    apply(state, update);
  } catch (error) {
    throw new DataLossError(`Cannot read the journal: "${file}" at byte ${offset}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** How many things a state holds, by their kinds. */
function countsOf(state: DispatcherState): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [kind, things] of Object.entries(state)) if (things instanceof Map) counts[kind] = things.size;
  return counts;
}

function showBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (Array.isArray(value)) return value.map(showBytes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, showBytes(part)]));
}
