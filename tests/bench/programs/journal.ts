/** The journal in files: appenders that each wait for their own update, with and without sync; and a replay. */

import { silentLog } from "../../../src/base/mod.ts";
import { apply } from "../../../src/dispatcher/core/apply.ts";
import { createState } from "../../../src/dispatcher/core/state.ts";
import type { Update } from "../../../src/dispatcher/core/updates.ts";
import { createFileJournal, type Journal, type JournalFiles } from "../../../src/dispatcher/mod.ts";
import { denoJournalFiles } from "../../../src/platform/mod.ts";
import { answer } from "./answer.ts";

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

/** How many updates appenders write in some seconds, each waiting for its own before the next. */
async function append(
  { synced, appenders, seconds }: { synced: boolean; appenders: number; seconds: number },
) {
  const { journal, directory } = await fresh(synced ? (files) => files : withoutSync);
  let appended = 0;
  const begun = performance.now();
  const end = begun + seconds * 1000;
  await Promise.all(Array.from({ length: appenders }, async () => {
    while (performance.now() < end) await journal.append([lease(appended++)]);
  }));
  const took = (performance.now() - begun) / 1000;
  await journal.close();
  await Deno.remove(directory, { recursive: true });
  return { appended, seconds: took };
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
    weakness: null,
    requestId: null,
    at: 0,
  },
  {
    type: "createIteration",
    iterationId: 2000,
    key: "iteration",
    jobId: 5000,
    repetition: 0,
    sources: [{ kind: "indexes", count: -1 }],
    finished: false,
    resumption: null,
    at: 0,
  },
  { type: "createTask", taskId: 4000, iterationId: 2000, address: "localhost:1", shard: null },
];

/** How long it takes from an unopened journal of so many updates to the state. */
async function replay({ updates: total }: { updates: number }) {
  const { journal, directory } = await fresh((files) => files);
  await journal.append(BEGINNING);
  let written = BEGINNING.length;
  while (written < total) {
    const group = Array.from({ length: Math.min(50, total - written) }, (_, i) => lease(written + i));
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
  const seconds = (performance.now() - begun) / 1000;
  if (updates !== total) throw new Error(`${updates} updates were replayed, not ${total}`);
  await again.close();
  await Deno.remove(directory, { recursive: true });
  return { seconds };
}

await answer({ append, replay });
Deno.exit(0);
