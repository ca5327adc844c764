/** Updates that need to outlive the process alone: what of them is there after which end. */

import { assertEquals } from "@std/assert";
import { SeededRandom, silentLog } from "../../../src/base/mod.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { createFileJournal } from "../../../src/dispatcher/journal/file_journal.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";

function take(index: number): Update {
  return { type: "takeSplit", iterationId: 2000, source: 0, repetition: 0, index };
}

async function replayed(files: MemoryJournalFiles): Promise<number[]> {
  const journal = createFileJournal({ files, log: silentLog });
  const indexes: number[] = [];
  for await (const entry of journal.replay()) if (entry.type === "takeSplit") indexes.push(entry.index);
  await journal.close();
  return indexes;
}

/** A journal on `files` that takes appends. */
async function opened(files: MemoryJournalFiles) {
  const journal = createFileJournal({ files, log: silentLog, segmentBytes: 300 });
  for await (const _ of journal.replay());
  return journal;
}

Deno.test("the end of the process takes nothing that was appended", async () => {
  const files = new MemoryJournalFiles();
  const journal = await opened(files);
  for (let i = 0; i < 20; i++) await journal.append([take(i)], "process");
  assertEquals(await replayed(files.kill()), Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("the end of the machine takes the last of them at most", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const files = new MemoryJournalFiles();
    const journal = await opened(files);
    for (let i = 0; i < 6; i++) await journal.append([take(i)], "process");
    await journal.append([take(6)]);
    for (let i = 7; i < 12; i++) await journal.append([take(i)], "process");
    const left = await replayed(files.crash(new SeededRandom(seed)));
    assertEquals(left, Array.from({ length: Math.max(11, left.length) }, (_, i) => i), `seed ${seed}`);
  }
});

Deno.test("what was appended is durable once the journal is closed", async () => {
  const files = new MemoryJournalFiles();
  const journal = await opened(files);
  for (let i = 0; i < 3; i++) await journal.append([take(i)], "process");
  await journal.close();
  assertEquals(await replayed(files.crash(new SeededRandom(1))), [0, 1, 2]);
});
