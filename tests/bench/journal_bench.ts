/**
 * The journal in files: 256 concurrent appenders with and without sync, alternately in one run, and the replay of
 * 100,000 updates. `deno run -A tests/bench/journal_bench.ts`
 */

import { silentLog } from "../../src/base/mod.ts";
import { apply } from "../../src/dispatcher/core/apply.ts";
import { createState } from "../../src/dispatcher/core/state.ts";
import type { Update } from "../../src/dispatcher/core/updates.ts";
import { createFileJournal, type Journal, type JournalFiles } from "../../src/dispatcher/mod.ts";
import { denoJournalFiles } from "../../src/platform/mod.ts";

const APPENDERS = 256;
const APPENDS = 60_000;
const REPLAYED = 100_000;
const ROUNDS = 5;

/** The same disk, told to keep nothing for sure. */
function withoutSync(files: JournalFiles): JournalFiles {
  return {
    ...files,
    async append(name) {
      return { ...await files.append(name), sync: () => Promise.resolve() };
    },
  };
}

function lease(i: number): Update {
  const start = i * 16;
  return {
    type: "leaseSplit",
    taskId: 4000,
    source: 0,
    repetition: 0,
    requestId: i + 1,
    start,
    end: start + 16,
    at: 0,
  };
}

/** A journal over an empty directory. */
async function fresh(
  wrap: (files: JournalFiles) => JournalFiles,
): Promise<{ journal: Journal; directory: string }> {
  const directory = await Deno.makeTempDir({ prefix: "sluice-journal-" });
  const journal = createFileJournal({ files: wrap(denoJournalFiles(directory)), log: silentLog });
  for await (const _ of journal.replay());
  return { journal, directory };
}

/** Appends a second that many appenders make, each waiting for its own before the next. */
async function appendRate(wrap: (files: JournalFiles) => JournalFiles): Promise<number> {
  const { journal, directory } = await fresh(wrap);
  let next = 0;
  const begun = performance.now();
  await Promise.all(Array.from({ length: APPENDERS }, async () => {
    while (next < APPENDS) await journal.append([lease(next++)]);
  }));
  const rate = APPENDS / (performance.now() - begun) * 1000;
  await journal.close();
  await Deno.remove(directory, { recursive: true });
  return rate;
}

/** A state in which splits can be leased. */
const BEGINNING: readonly Update[] = [
  {
    type: "registerDataset",
    datasetId: "1000",
    format: "sluice",
    graph: new Uint8Array(1000),
    fingerprint: "0",
    metadata: { elementSpec: new Uint8Array(), compression: 0, cardinality: -1 },
    requestId: null,
    renewable: false,
    at: 0,
  },
  {
    type: "registerWorker",
    address: "localhost:1",
    uid: "u",
    tags: [],
    formats: ["sluice"],
    slot: null,
    firstFreeTaskId: 4000,
    at: 0,
  },
  {
    type: "createJob",
    jobId: 5000,
    name: "job",
    named: true,
    datasetId: "1000",
    policy: 1,
    numConsumers: null,
    useCrossTrainerCache: false,
    targetWorkers: "AUTO",
    requestId: null,
    at: 0,
  },
  {
    type: "createIteration",
    iterationId: 2000,
    jobId: 5000,
    repetition: 0,
    sources: [{ kind: "indexes", count: -1 }],
    finished: false,
    at: 0,
  },
  { type: "createTask", taskId: 4000, iterationId: 2000, address: "localhost:1", shard: null },
];

/** Milliseconds from an unopened journal to the state. */
async function replayTime(): Promise<number> {
  const { journal, directory } = await fresh((files) => files);
  await journal.append(BEGINNING);
  let written = BEGINNING.length;
  while (written < REPLAYED) {
    const group = Array.from({ length: Math.min(50, REPLAYED - written) }, (_, i) => lease(written + i));
    written += group.length;
    journal.append(group.slice(1));
    await journal.append([group[0]]);
  }
  await journal.close();
  const state = createState();
  let updates = 0;
  const begun = performance.now();
  const again = createFileJournal({ files: denoJournalFiles(directory), log: silentLog });
  for await (const entry of again.replay()) {
    if (entry.type === "snapshot") throw new Error("There should be no snapshot");
    apply(state, entry);
    updates++;
  }
  const time = performance.now() - begun;
  if (updates !== REPLAYED) throw new Error(`${updates} updates were replayed`);
  await again.close();
  await Deno.remove(directory, { recursive: true });
  return time;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

if (import.meta.main) {
  const ratios: number[] = [];
  const rates: { synced: number[]; plain: number[] } = { synced: [], plain: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const plain = await appendRate(withoutSync);
    const synced = await appendRate((files) => files);
    rates.plain.push(plain);
    rates.synced.push(synced);
    ratios.push(synced / plain);
  }
  console.log(`append without sync, ${APPENDERS} appenders: ${Math.round(median(rates.plain))} updates/s`);
  console.log(`append with sync, ${APPENDERS} appenders:    ${Math.round(median(rates.synced))} updates/s`);
  console.log(`ratio: ${median(ratios).toFixed(2)} (at least 0.5)`);
  const times = [await replayTime(), await replayTime(), await replayTime()];
  console.log(`replay of ${REPLAYED} updates: ${Math.round(median(times))} ms (under 1000)`);
}
