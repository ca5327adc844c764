/** Updates that need to outlive the process alone: what of them is there after which end. */

import { assertEquals, assertRejects } from "@std/assert";
import { DataLossError, SeededRandom, silentLog } from "../../../src/base/mod.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { HEADER_BYTES } from "../../../src/dispatcher/journal/file_header.ts";
import { createFileJournal } from "../../../src/dispatcher/journal/file_journal.ts";
import { FRAME_BYTES } from "../../../src/dispatcher/journal/frame.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { copyOf } from "./support.ts";

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
async function opened(files: MemoryJournalFiles, segmentBytes = 300) {
  const journal = createFileJournal({ files, log: silentLog, segmentBytes });
  for await (const _ of journal.replay());
  return journal;
}

Deno.test("the end of the process takes nothing that was appended", async () => {
  const files = new MemoryJournalFiles();
  const journal = await opened(files);
  for (let i = 0; i < 20; i++) await journal.append([take(i)], "process");
  assertEquals(await replayed(files.kill()), Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("what needs not outlive the machine is safe at once, unless something is on its way", async () => {
  const files = new MemoryJournalFiles();
  const journal = await opened(files);
  assertEquals(journal.appendNow!([take(0)]), true);
  const append = journal.append([take(1)]);
  assertEquals(journal.appendNow!([take(2)]), false);
  await append;
  // What waits for an append goes on before the journal is asked for the next one.
  assertEquals(journal.appendNow!([take(2)]), true);
  assertEquals(await replayed(files.kill()), [0, 1, 2]);
});

Deno.test("the end of the machine takes those behind the last append of another kind at most", async () => {
  let most = 0;
  for (let seed = 0; seed < 300; seed++) {
    const files = new MemoryJournalFiles();
    const journal = await opened(files, 3_000);
    for (let i = 0; i < 6; i++) assertEquals(journal.appendNow!([take(i)]), true);
    await journal.append([take(6)]);
    for (let i = 7; i < 12; i++) await journal.append([take(i)], "process");
    const left = await replayed(files.crash(new SeededRandom(seed)));
    assertEquals(left, Array.from({ length: Math.max(7, left.length) }, (_, i) => i), `seed ${seed}`);
    most = Math.max(most, 12 - left.length);
  }
  assertEquals(most, 5);
});

Deno.test("damage before an append that waited for the disk is told from what a crash left", async () => {
  const files = new MemoryJournalFiles();
  const journal = await opened(files, 3_000);
  for (let i = 1; i <= 3; i++) await journal.append([take(i)]);
  for (let i = 4; i <= 6; i++) journal.appendNow!([take(i)]);
  await journal.close();
  const name = "journal/0000000000.segment";
  const content = await files.read(name);
  const frameBytes = (content.length - HEADER_BYTES) / 6;
  for (let frame = 0; frame < 6; frame++) {
    for (const at of [0, FRAME_BYTES]) {
      const begin = HEADER_BYTES + frame * frameBytes;
      const damaged = await copyOf(files);
      damaged.tamper(name, (bytes) => bytes.with(begin + at, bytes[begin + at] ^ 1));
      if (frame < 3) await assertRejects(() => replayed(damaged), DataLossError, `byte ${begin}`);
      else assertEquals(await replayed(damaged), [1, 2, 3, 4, 5].slice(0, frame));
    }
  }
});

Deno.test("what was appended is durable once the journal is closed", async () => {
  const files = new MemoryJournalFiles();
  const journal = await opened(files);
  for (let i = 0; i < 3; i++) await journal.append([take(i)], "process");
  await journal.close();
  assertEquals(await replayed(files.crash(new SeededRandom(1))), [0, 1, 2]);
});
