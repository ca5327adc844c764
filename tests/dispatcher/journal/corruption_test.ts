import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { crc32c, DataLossError, FailedPreconditionError } from "../../../src/base/mod.ts";
import { FRAME_BYTES, readFrame } from "../../../src/dispatcher/journal/frame.ts";
import { HEADER_BYTES } from "../../../src/dispatcher/journal/file_header.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import {
  assertSameState,
  copyOf,
  countOf,
  foldInto,
  keepingLog,
  reopen,
  stateAfter,
  things,
} from "./support.ts";

/** A journal of 40 things that was closed well: a snapshot, and segments behind it. */
async function aJournal(): Promise<MemoryJournalFiles> {
  const files = new MemoryJournalFiles();
  const { journal, state } = await reopen(files, { segmentBytes: 400, snapshotBytes: 2_000 });
  for (let i = 0; i < 40; i++) {
    const updates = things(1, i);
    foldInto(state, updates);
    const append = journal.append(updates);
    if (journal.snapshots!.wanted) journal.snapshots!.take(state);
    await append;
  }
  await journal.close();
  return files;
}

/** Where the last frame of the last segment begins. */
async function lastFrame(files: MemoryJournalFiles): Promise<{ name: string; offset: number }> {
  const name = segments(files).at(-1)!;
  const bytes = await files.read(name);
  let offset = HEADER_BYTES;
  for (;;) {
    const frame = readFrame(bytes, offset);
    assert("end" in frame);
    if (frame.end === bytes.length) return { name, offset };
    offset = frame.end;
  }
}

const segments = (files: MemoryJournalFiles) => files.names().filter((name) => name.endsWith(".segment"));

Deno.test("the journal that is damaged here has a snapshot, several segments and definitions", async () => {
  const files = await aJournal();
  const kinds = files.names().map((name) => name.replace(/\d{10}|f\d+/, "N"));
  assertEquals([...new Set(kinds)], ["datasets/N", "journal/N.segment", "journal/N.snapshot"]);
  assert(segments(files).length > 2);
  const { journal, state } = await reopen(files);
  assertSameState(state, stateAfter(40));
  await journal.close();
});

Deno.test("a changed byte stops the start and names the file, unless a torn last write looks the same", async () => {
  const whole = await aJournal();
  const names = whole.names();
  const last = await lastFrame(whole);
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, where, flip) => {
      const files = await copyOf(whole);
      const name = names[which % names.length];
      const size = (await files.read(name)).length;
      const offset = where % size;
      files.tamper(name, (bytes) => bytes.with(offset, bytes[offset] ^ flip));
      try {
        const { journal, state } = await reopen(files);
        await journal.close();
        assert(name === last.name && offset >= last.offset, `byte ${offset} of ${name} was not missed`);
        assertSameState(state, stateAfter(39));
      } catch (error) {
        if (!(error instanceof DataLossError)) throw error;
        assertStringIncludes(error.message, name);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("a file that ends early stops the start, but for the last segment", async () => {
  const whole = await aJournal();
  const names = whole.names();
  const last = (await lastFrame(whole)).name;
  for (const name of names) {
    const content = await whole.read(name);
    const sizes = Array.from(content.keys()).filter((size) =>
      size % 7 === 0 || (name.endsWith(".segment") && isFrameEnd(content, size))
    );
    for (const size of sizes) {
      whole.tamper(name, () => content.slice(0, size));
      if (name === last) {
        const { journal, state } = await reopen(await copyOf(whole));
        assertSameState(state, stateAfter(countOf(state)));
        await journal.close();
        whole.tamper(name, () => content);
      } else {
        const isBoundary = name.endsWith(".segment") && isFrameEnd(content, size);
        const error = await assertRejects(async () => reopen(await copyOf(whole)), DataLossError);
        // A segment that ends between two frames shows in the next one.
        if (!isBoundary) assertStringIncludes(error.message, name);
      }
    }
    whole.tamper(name, () => content);
  }
});

function isFrameEnd(bytes: Uint8Array<ArrayBuffer>, size: number): boolean {
  for (let offset = HEADER_BYTES; offset <= size;) {
    if (offset === size) return true;
    const frame = readFrame(bytes, offset);
    assert("end" in frame);
    offset = frame.end;
  }
  return false;
}

Deno.test("a missing file stops the start", async () => {
  for (const missing of (await aJournal()).names()) {
    const files = await aJournal();
    await files.remove(missing);
    const isLast = missing === segments(await aJournal()).at(-1);
    if (missing.endsWith(".segment") && isLast) continue; // As if it had never been begun.
    await assertRejects(() => reopen(files), DataLossError);
  }
});

Deno.test("the message of damage names file, byte and what is wrong", async () => {
  const files = await aJournal();
  const name = segments(files)[0];
  files.tamper(name, (bytes) => bytes.with(HEADER_BYTES + FRAME_BYTES, 0));
  const bytes = await files.read(name);
  const stored = new DataView(bytes.buffer).getUint32(HEADER_BYTES + 16, true);
  const length = new DataView(bytes.buffer).getUint32(HEADER_BYTES + 4, true);
  const start = HEADER_BYTES + FRAME_BYTES;
  const computed = crc32c(bytes.subarray(start, start + length));
  const error = await assertRejects(() => reopen(files), DataLossError);
  assertEquals(
    error.message,
    `Cannot read the journal: "memory/${name}" is damaged at byte ${HEADER_BYTES}: ` +
      `the checksum is ${stored}, computed ${computed}`,
  );
});

Deno.test("a torn last write is cut off once, with a warning", async () => {
  const files = await aJournal();
  const { name, offset } = await lastFrame(files);
  files.tamper(name, (bytes) => bytes.slice(0, -3));
  const { log, lines } = keepingLog();
  const first = await reopen(files, { log });
  assertSameState(first.state, stateAfter(39));
  assertEquals((await files.read(name)).length, offset);
  await first.journal.append(things(1, 39));
  await first.journal.close();
  const second = await reopen(files, { log });
  assertSameState(second.state, stateAfter(40));
  await second.journal.close();
  assertEquals(lines, ["Cut off the end of the journal, which was not written to the end"]);
});

Deno.test("a journal of another version is refused with both versions", async () => {
  const files = await aJournal();
  for (const name of files.names().filter((name) => name.startsWith("journal/"))) {
    files.tamper(name, (bytes) => {
      const view = new DataView(bytes.buffer);
      view.setUint32(8, 7, true);
      view.setUint32(28, crc32c(bytes.subarray(0, 28)), true);
      return bytes;
    });
  }
  const error = await assertRejects(() => reopen(files), FailedPreconditionError);
  assertStringIncludes(error.message, "has version 7, this program reads version 2");
});

Deno.test("any bytes in place of a segment are refused or the beginning of a journal", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const files = new MemoryJournalFiles();
      const { journal } = await reopen(files);
      await journal.close();
      files.tamper(segments(files)[0], () => new Uint8Array(bytes));
      try {
        const { journal, state } = await reopen(await copyOf(files));
        assertEquals(countOf(state), 0);
        await journal.close();
      } catch (error) {
        if (!(error instanceof DataLossError)) throw error;
      }
    }),
  );
});
