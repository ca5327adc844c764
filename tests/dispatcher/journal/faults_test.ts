import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  FailedPreconditionError,
  PermissionDeniedError,
  ResourceExhaustedError,
  UnavailableError,
} from "../../../src/base/mod.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import type { Journal } from "../../../src/dispatcher/journal/journal.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { Cluster, range } from "../cluster.ts";
import { assertSameState, foldInto, keepingLog, reopen, stateAfter, things } from "./support.ts";
import { createFileJournal } from "../../../src/dispatcher/mod.ts";

/** Appends things one by one, taking the snapshots that are wanted. */
async function fill(
  { journal, state }: Awaited<ReturnType<typeof reopen>>,
  from: number,
  to: number,
): Promise<void> {
  for (let i = from; i < to; i++) {
    foldInto(state, things(1, i));
    const append = journal.append(things(1, i));
    if (journal.snapshots!.wanted) journal.snapshots!.take(state);
    await append;
  }
}

const JOURNAL_FILES = /^journal\/(\d{10}\.(segment|snapshot)|lock)$/;

Deno.test("appends that come while others are synced share one sync", async () => {
  const files = new MemoryJournalFiles();
  const { journal } = await reopen(files);
  const before = files.operations;
  const first = journal.append([{ type: "freeJob", jobId: 0 }]);
  await Promise.all(Array.from({ length: 200 }, (_, i) => journal.append([{ type: "freeJob", jobId: i }])));
  await first;
  assert(files.operations - before <= 4, `${files.operations - before} writes and syncs`);
  await journal.close();
});

Deno.test("a full disk rejects what does not fit and all that follows, and nothing that was acknowledged is lost", async () => {
  const files = new MemoryJournalFiles();
  const { journal } = await reopen(files);
  files.capacity = 3_000;
  let acknowledged = 0;
  const error = await assertRejects(async () => {
    for (; acknowledged < 1_000; acknowledged++) await journal.append(things(1, acknowledged));
  }, ResourceExhaustedError);
  assertStringIncludes(error.message, 'Cannot write "memory/');
  assert(acknowledged > 5);
  files.capacity = Infinity;
  assertEquals(await assertRejects(() => journal.append(things(1, 0))), error);
  await journal.close();
  const again = await reopen(files);
  assertSameState(again.state, stateAfter(acknowledged));
  await again.journal.close();
});

Deno.test("a full disk fails the start if there is no room for the first segment", async () => {
  const files = new MemoryJournalFiles();
  files.capacity = 10;
  await assertRejects(() => reopen(files), ResourceExhaustedError, "the disk is full");
  files.capacity = Infinity;
  const { journal, state } = await reopen(files);
  assertSameState(state, stateAfter(0));
  await journal.close();
});

Deno.test("a directory that is read-only fails the start", async () => {
  const files = new MemoryJournalFiles();
  files.readOnly = true;
  await assertRejects(() => reopen(files), PermissionDeniedError, "the file system is read-only");
});

Deno.test("a directory has one journal at a time, and the next one when that is closed", async () => {
  const files = new MemoryJournalFiles();
  const first = await reopen(files);
  const error = await assertRejects(() => reopen(files), FailedPreconditionError);
  assertEquals(
    error.message,
    'Cannot open the journal: another dispatcher uses it, "memory/journal/lock" is locked',
  );
  await first.journal.append(things(1));
  await first.journal.close();
  const second = await reopen(files);
  assertSameState(second.state, stateAfter(1));
  await second.journal.close();
});

Deno.test("a journal is replayed once, and before it is appended to", async () => {
  const { log } = keepingLog();
  const journal = createFileJournal({ files: new MemoryJournalFiles(), log });
  await assertRejects(() => journal.append(things(1)), FailedPreconditionError, "it is to be replayed first");
  assertEquals(await Array.fromAsync(journal.replay()), []);
  await assertRejects(
    () => Array.fromAsync(journal.replay()),
    FailedPreconditionError,
    "replayed or closed before",
  );
  await journal.close();
});

Deno.test("snapshots let segments go, and what is kept stays small", async () => {
  const files = new MemoryJournalFiles();
  const opened = await reopen(files, { segmentBytes: 300, snapshotBytes: 1_500 });
  await fill(opened, 0, 30);
  // One thing that happens over and over: the state does not grow.
  const beat = (i: number): Update => ({
    type: "registerWorker",
    address: "worker-1:1",
    uid: `uid-${i}`,
    tags: [],
    formats: [],
    slot: null,
    firstFreeTaskId: 0,
    at: i,
  });
  let most = 0;
  for (let i = 0; i < 500; i++) {
    foldInto(opened.state, [beat(i)]);
    const append = opened.journal.append([beat(i)]);
    if (opened.journal.snapshots!.wanted) opened.journal.snapshots!.take(opened.state);
    await append;
    most = Math.max(most, files.names().length);
  }
  await opened.journal.close();
  assert(most < 100, `${most} files`);
  assert(files.names().every((name) => JOURNAL_FILES.test(name) || name.startsWith("datasets/")));
  assertEquals(files.names().filter((name) => name.endsWith(".snapshot")).length, 1);
  const again = await reopen(files);
  assertSameState(again.state, opened.state);
  await again.journal.close();
});

Deno.test("a snapshot that cannot be kept is a warning, and the next one is tried later", async () => {
  const files = new MemoryJournalFiles();
  const { log, lines } = keepingLog();
  let isFailing = true;
  const flaky = new Proxy(files, {
    get(target, name) {
      if (name === "rename" && isFailing) {
        return (from: string, to: string) =>
          from.includes(".snapshot")
            ? Promise.reject(new UnavailableError("no rename today"))
            : target.rename(from, to);
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const opened = await reopen(flaky, { log, segmentBytes: 500, snapshotBytes: 1_000 });
  await fill(opened, 0, 40);
  assert(lines.length > 0);
  assertEquals(lines[0], "Cannot keep a snapshot of the state: no rename today");
  assertEquals(files.names().filter((name) => name.includes("snapshot")), []);
  isFailing = false;
  await fill(opened, 40, 100);
  await opened.journal.close();
  assertEquals(files.names().filter((name) => name.endsWith(".snapshot")).length, 1);
  const again = await reopen(files);
  assertSameState(again.state, stateAfter(100));
  await again.journal.close();
});

Deno.test("an update that cannot be written down ends the journal, as the state holds it already", async () => {
  const files = new MemoryJournalFiles();
  const { journal } = await reopen(files);
  const first = journal.append(things(1));
  await assertRejects(() => journal.append([{ type: "freeJob", jobId: NaN }]), RangeError);
  await assertRejects(() => journal.append(things(1, 1)), RangeError);
  await first;
  await journal.close();
  const again = await reopen(files);
  assertSameState(again.state, stateAfter(1));
  await again.journal.close();
});

Deno.test("a state that cannot be written is a warning, and appends go on", async () => {
  const files = new MemoryJournalFiles();
  const { log, lines } = keepingLog();
  const opened = await reopen(files, { log });
  opened.state.next.task = Infinity;
  opened.journal.snapshots!.take(opened.state);
  assertEquals(lines, ["Cannot keep a snapshot of the state: Cannot write a state that holds Infinity"]);
  await opened.journal.append(things(2));
  await opened.journal.close();
  const again = await reopen(files);
  assertSameState(again.state, stateAfter(2));
  await again.journal.close();
});

Deno.test("equal definitions are kept once, and one that nothing names any more goes with a snapshot", async () => {
  const files = new MemoryJournalFiles();
  const opened = await reopen(files, { snapshotBytes: 100 });
  const [dataset] = things(1) as [Extract<Update, { type: "registerDataset" }>];
  const run = async (updates: Update[]) => {
    foldInto(opened.state, updates);
    await opened.journal.append(updates);
  };
  const definitions = () => files.names().filter((name) => name.startsWith("datasets/"));
  await run([dataset, { ...dataset, datasetId: "twin" }]);
  await run([{ ...dataset, datasetId: "other", fingerprint: "0ther" }]);
  assertEquals(definitions(), ["datasets/0ther", "datasets/f0"]);
  await run([{ type: "freeDataset", datasetId: "other" }]);
  opened.journal.snapshots!.take(opened.state);
  await run(things(1, 1));
  await opened.journal.close();
  const again = await reopen(files, { snapshotBytes: 100 });
  again.journal.snapshots!.take(again.state);
  for (let i = 0; i < 20; i++) await again.journal.append(things(1, 1));
  assertEquals(definitions(), ["datasets/f0"]);
  // What went comes back if it is registered again.
  await again.journal.append([{ ...dataset, datasetId: "other", fingerprint: "0ther" }]);
  assertEquals(definitions(), ["datasets/0ther", "datasets/f0"]);
  await again.journal.close();
});

Deno.test("what a crash has left half-written is removed", async () => {
  const files = new MemoryJournalFiles();
  for (const name of ["journal/0000000003.snapshot.tmp", "datasets/abc.tmp"]) {
    await (await files.append(name)).write(new Uint8Array(5));
  }
  const { journal } = await reopen(files);
  await journal.close();
  assertEquals(files.names(), ["journal/0000000000.segment"]);
});

Deno.test("closing twice is fine, also before the replay and after a failure", async () => {
  const { log } = keepingLog();
  const fresh: Journal = createFileJournal({ files: new MemoryJournalFiles(), log });
  await fresh.close();
  await fresh.close();
  const files = new MemoryJournalFiles();
  const { journal } = await reopen(files);
  files.crashAt = files.operations;
  await assertRejects(() => journal.append(things(1)), UnavailableError);
  await journal.close();
  await journal.close();
});

Deno.test("a dispatcher whose disk is full says so, acknowledges nothing more, and knows all it did when it starts again", async () => {
  const files = new MemoryJournalFiles();
  const { log } = keepingLog();
  const open = () => createFileJournal({ files, log });
  await using first = await Cluster.start({ journal: open() });
  const ids = [await first.dataset(), await first.dataset(range(7))];
  files.capacity = 0;
  const error = await assertRejects(() => first.dataset(range(8)), UnavailableError);
  assertStringIncludes(error.message, "Cannot go on: the journal failed: Cannot write");
  assertStringIncludes(error.message, "the disk is full");
  await assertRejects(() => first.client.getWorkers({}), UnavailableError, "the disk is full");
  await first.dispatcher.stop();
  files.capacity = Infinity;
  await using second = await Cluster.start({ journal: open() });
  assertEquals(second.dispatcher.status().datasets.map(({ id }) => id).slice(0, 2), ids);
});
