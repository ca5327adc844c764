/** Histories that are told by their length: the update with number i brings the i-th thing. */

import { assertEquals } from "@std/assert";
import { type Log, type Random, silentLog } from "../../../src/base/mod.ts";
import { apply } from "../../../src/dispatcher/core/apply.ts";
import { createState, type DispatcherState } from "../../../src/dispatcher/core/state.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { createFileJournal, type FileJournalOptions } from "../../../src/dispatcher/journal/file_journal.ts";
import type { Journal } from "../../../src/dispatcher/journal/journal.ts";
import type { JournalFiles } from "../../../src/dispatcher/journal/journal_files.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { writeState } from "../../../src/dispatcher/journal/state_text.ts";

/** The update with number `i`: a dataset, whose definition others may share, or a worker. */
export function thing(i: number): Update {
  if (i % 3 === 0) {
    const definition = i % 12;
    return {
      type: "registerDataset",
      datasetId: `dataset-${i}`,
      format: "sluice",
      graph: new Uint8Array(20 + definition).fill(definition),
      fingerprint: `f${definition}`,
      metadata: { elementSpec: new Uint8Array([i % 256]), compression: 0, cardinality: i },
      requestId: `r${i}`,
      renewable: i % 2 === 0,
      at: i,
    };
  }
  return {
    type: "registerWorker",
    address: `worker-${i}:1`,
    uid: "u".repeat(i % 40),
    tags: [],
    formats: ["sluice"],
    slot: null,
    firstFreeTaskId: 0,
    at: i,
  };
}

/** The first `count` things. */
export function things(count: number, from = 0): Update[] {
  return Array.from({ length: count }, (_, i) => thing(from + i));
}

/** The state after the first `count` things. */
export function stateAfter(count: number): DispatcherState {
  return foldInto(createState(), things(count));
}

/** Applies copies of updates. */
export function foldInto(state: DispatcherState, updates: readonly Update[]): DispatcherState {
  for (const update of updates) apply(state, structuredClone(update));
  return state;
}

/** Asserts that two states are equal to the last byte; `assertEquals` takes the square of the time for maps. */
export function assertSameState(actual: DispatcherState, expected: DispatcherState): void {
  const text = (state: DispatcherState) => new TextDecoder().decode(writeState(state));
  assertEquals(text(actual), text(expected));
  for (const [fingerprint, graph] of expected.definitions) {
    assertEquals(actual.definitions.get(fingerprint), graph);
  }
}

/** How many things a state holds. */
export function countOf(state: DispatcherState): number {
  return state.datasets.size + state.workers.size;
}

/** A journal over `files`, replayed into a state. */
export async function reopen(
  files: JournalFiles,
  options: Partial<FileJournalOptions> = {},
): Promise<{ journal: Journal; state: DispatcherState }> {
  const journal = createFileJournal({ files, log: silentLog, ...options });
  let state = createState();
  try {
    for await (const entry of journal.replay()) {
      if (entry.type === "snapshot") state = entry.state;
      else apply(state, entry);
    }
  } catch (error) {
    await journal.close();
    throw error;
  }
  return { journal, state };
}

/** Lets a few steps of others happen. */
export async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await null;
}

/** A number from `min` to `max`. */
export function between(random: Random, min: number, max: number): number {
  return min + random.uint32() % (max - min + 1);
}

/** A log that keeps its lines. */
export function keepingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string) => void lines.push(message);
  return { log: { info: keep, warn: keep, debug: keep, error: keep } as Log, lines };
}

/** Another disk with the same files. */
export async function copyOf(files: MemoryJournalFiles): Promise<MemoryJournalFiles> {
  const copy = new MemoryJournalFiles();
  for (const name of files.names()) {
    const file = await copy.append(name);
    await file.write(await files.read(name));
    await file.sync();
    await copy.syncDirectory(name.slice(0, name.lastIndexOf("/")));
  }
  return copy;
}

/** Sizes by which little makes much happen: snapshots are made in many slices, between which others append. */
export const SMALL = { segmentBytes: 600, snapshotBytes: 2_000, sliceCharacters: 40, turnLoop: someTurns };
