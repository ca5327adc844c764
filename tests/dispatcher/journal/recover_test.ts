import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { DataLossError, type Random, SeededRandom } from "../../../src/base/mod.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import type { Journal } from "../../../src/dispatcher/journal/journal.ts";
import { MemoryJournalFiles } from "../../../src/dispatcher/journal/memory_journal_files.ts";
import { createFileJournal } from "../../../src/dispatcher/mod.ts";
import { encodeValue } from "../../../src/element/mod.ts";
import { serializeGraph } from "../../../src/graph/mod.ts";
import { Cluster, range } from "../cluster.ts";
import {
  assertSameState,
  between,
  countOf,
  foldInto,
  keepingLog,
  reopen,
  SMALL,
  stateAfter,
  things,
} from "./support.ts";

/** How many things survive what, at least. */
interface Acknowledged {
  machine: number;
  process: number;
}

/** Appends at once where that can be. */
async function appendTo(journal: Journal, updates: Update[], outlives: "machine" | "process"): Promise<void> {
  if (outlives === "process" && journal.appendNow!(updates)) return;
  await journal.append(updates, outlives);
}

/**
 * Appends on a disk that fails at random, recovering after each rejection, until the disk crashes or it has done
 * enough. `told`: what was acknowledged.
 */
async function live(files: MemoryJournalFiles, told: Acknowledged, random: Random): Promise<void> {
  const { journal, state } = await reopen(files, SMALL);
  const count = countOf(state);
  const least = Math.max(told.machine, told.process);
  assert(count >= least, `${least} things were acknowledged, ${count} are there`);
  assertSameState(state, stateAfter(count));
  told.machine = told.process = count;
  files.fails = () => random.uint32() % 8 === 0;
  files.crashAt = files.operations + between(random, 20, 200);
  for (let i = 0; i < 60 && files.operations <= files.crashAt; i++) {
    const outlives = random.uint32() % 3 === 0 ? "process" : "machine";
    const updates = things(between(random, 1, 3), countOf(state));
    foldInto(state, updates);
    const upTo = countOf(state);
    const append = appendTo(journal, updates, outlives).then(() =>
      told[outlives] = Math.max(told[outlives], upTo)
    );
    append.catch(() => {}); // Nobody may be waiting for it.
    if (journal.snapshots!.wanted) journal.snapshots!.take(state);
    // Sometimes others come before it has ended.
    if (random.uint32() % 2 === 0) continue;
    const isKept = await append.then(() => true, () => false);
    while (!isKept && files.operations <= files.crashAt) {
      const recovered = await journal.recover!().then(() => true, (error) => {
        if (error instanceof DataLossError) throw error;
        return false;
      });
      if (!recovered) continue;
      told.machine = upTo;
      break;
    }
  }
  files.fails = () => false;
  await journal.close().catch(() => {});
}

Deno.test("on a disk that fails now and then, what was acknowledged is there after a crash at any step, and nothing out of order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = new SeededRandom(seed);
      let files = new MemoryJournalFiles();
      const told: Acknowledged = { machine: 0, process: 0 };
      for (let life = 0; life < 4; life++) {
        await live(files, told, random);
        const isKilled = random.uint32() % 2 === 0;
        if (!isKilled) told.process = 0;
        files = isKilled ? files.kill() : files.crash(random);
      }
      const { journal, state } = await reopen(files);
      assert(countOf(state) >= Math.max(told.machine, told.process));
      assertSameState(state, stateAfter(countOf(state)));
      await journal.close();
    }),
    { numRuns: 60 },
  );
});

Deno.test("what the disk does not give back is not gone on with", async () => {
  const files = new MemoryJournalFiles();
  const { journal } = await reopen(files);
  await journal.append(things(2));
  files.capacity = 0;
  await assertRejects(() => journal.append(things(1, 2)));
  files.capacity = Infinity;
  files.tamper("journal/0000000000.segment", (bytes) => bytes.with(70, bytes[70] ^ 1));
  const error = await assertRejects(() => journal.recover!(), DataLossError);
  assertStringIncludes(error.message, "what was written is not there from byte 32 on");
  await assertRejects(() => journal.append(things(1, 3)));
  await journal.close();
});

Deno.test("a dispatcher whose disk was full goes on by itself when there is room, with all that it did and nothing else", async () => {
  const files = new MemoryJournalFiles();
  const { log } = keepingLog();
  await using cluster = await Cluster.start({ journal: createFileJournal({ files, log }) });
  const first = await cluster.dataset();
  files.capacity = 0;
  const request = {
    dataset: { format: "sluice", graph: serializeGraph(range(8)) },
    metadata: { elementSpec: encodeValue({ kind: "number" }), compression: 0, cardinality: 8n },
    requestId: cluster.requestId(),
  };
  const register = () => cluster.client.getOrRegisterDataset(request);
  await assertRejects(register, Error, "the disk is full");
  await cluster.clock.advance(10_000);
  await assertRejects(() => cluster.client.getWorkers({}), Error, "the disk is full");
  files.capacity = Infinity;
  await cluster.clock.advance(2_000);
  // Repeated, as clients do: it is done already.
  const { datasetId: second } = await register();
  const third = await cluster.dataset(range(9));
  const ids = cluster.dispatcher.status().datasets.map(({ id }) => id);
  assertEquals(ids, [first, second, third]);
  assertEquals(cluster.warnings.length, 2, cluster.warnings.join("\n"));
  assertStringIncludes(cluster.warnings[0], "Cannot go on: the journal failed: Cannot write");
  assertStringIncludes(cluster.warnings[1], "The journal takes updates again");
  await cluster.dispatcher.stop();
  await using again = await Cluster.start({ journal: createFileJournal({ files, log }) });
  assertEquals(again.dispatcher.status().datasets.map(({ id }) => id), ids);
});

Deno.test("nobody is given up for the time in which the journal took nothing", async () => {
  const files = new MemoryJournalFiles();
  const { log } = keepingLog();
  const settings = { workerTimeoutMs: 10_000, clientTimeoutMs: 10_000 };
  await using cluster = await Cluster.start({ journal: createFileJournal({ files, log }), ...settings });
  await cluster.heartbeat("w:1");
  files.capacity = 0;
  await assertRejects(() => cluster.dataset(range(8)));
  await cluster.clock.advance(60_000);
  files.capacity = Infinity;
  await cluster.clock.advance(4_000);
  assertEquals(cluster.dispatcher.status().workers.map(({ lost }) => lost), [false]);
});
