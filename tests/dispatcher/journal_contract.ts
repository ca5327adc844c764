/** What every journal must do. A new kind of journal runs {@linkcode testJournal} and is done when it passes. */

import { assertEquals, assertRejects } from "@std/assert";
import type { Update } from "../../src/dispatcher/core/updates.ts";
import type { Journal, StateSnapshot } from "../../src/dispatcher/journal/journal.ts";

/** A place that journals are kept in. */
export interface JournalStore {
  /** A journal over what the place holds, as a dispatcher that starts would make it. */
  open(): Promise<Journal>;
  /** Lets everything that is written fail, or succeed again. Missing: nothing ever fails. */
  setFailing?(isFailing: boolean): void;
  /** Frees the place. */
  dispose(): Promise<void>;
}

/** One update of each type, with bytes, nulls, nested lists and large numbers. */
const CONSUMED = [
  {
    source: 0,
    repetition: 1,
    ranges: [{ start: 0, end: 3 }],
    partial: [{ index: 4, offsets: [{ start: 0, end: 2 }] }],
  },
];

export const SAMPLES: readonly Update[] = [
  {
    type: "registerDataset",
    datasetId: "1000",
    format: "sluice",
    graph: new Uint8Array([0, 1, 254, 255]),
    fingerprint: "abc",
    metadata: { elementSpec: new Uint8Array(), compression: 2, cardinality: -1 },
    requestId: null,
    renewable: true,
    at: 1.5,
  },
  {
    type: "registerWorker",
    address: "höst:1",
    uid: "u",
    tags: ["COLOCATED", "x"],
    transferServers: [{
      protocol: "grpc",
      address: "höst:2",
      compatibilityInfo: new Uint8Array([0, 255]),
      fallBackAtCreation: true,
      fallBackAtGetElement: false,
    }],
    formats: ["sluice"],
    slot: null,
    firstFreeTaskId: 4000,
    at: 1_700_000_000_000.25,
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
    weakness: { operator: "scan", reason: "it depends" },
    undivided: true,
    requestId: "0123456789abcdef",
    at: 2.5,
  },
  {
    type: "createIteration",
    iterationId: 2000,
    key: "00000001-00000002-0000000000000003",
    jobId: 5000,
    repetition: 0,
    sources: [{ kind: "indexes", count: -1 }, { kind: "files", names: ["a b", "ü"] }],
    finished: false,
    resumption: { kind: "excluded", consumed: CONSUMED, readers: 2, until: 2_000 },
    at: 1,
  },
  { type: "acquireClient", clientId: 3000, iterationId: 2000, requestId: null, gathers: true, at: 2 },
  {
    type: "createTask",
    taskId: 4000,
    iterationId: 2000,
    address: "höst:1",
    shard: { index: 0, count: 2 },
    restOnly: true,
  },
  {
    type: "leaseSplit",
    taskId: 4000,
    source: 1,
    repetition: 0,
    requestId: 1,
    start: 0,
    end: Number.MAX_SAFE_INTEGER,
    again: true,
    at: 3.5,
  },
  { type: "endSplits", taskId: 4000, source: 1, requestId: 2 },
  {
    type: "finishTask",
    taskId: 4000,
    at: 2,
    numDropped: 3,
    notes: { leftOut: 7, streams: [[1, 2], [3, 1]] },
  },
  { type: "addressTask", taskId: 4000, dataAddresses: ["unix:/tmp/a b", "höst:2"] },
  {
    type: "createPendingTask",
    taskId: 4001,
    iterationId: 2000,
    address: "höst:1",
    shard: null,
    targetRound: 7,
  },
  { type: "acceptRound", iterationId: 2000, clientId: 3000 },
  { type: "rejectRound", iterationId: 2000, clientId: 3000, targetRound: 9 },
  { type: "removeTask", taskId: 4001, round: 11 },
  { type: "releaseClient", clientId: 3000, lost: true, at: 3 },
  { type: "freeIteration", iterationId: 2000, at: 7 },
  { type: "adoptDataset", jobId: 5000, datasetId: "1001", weakness: null },
  { type: "drainWorker", address: "höst:1", at: 3 },
  { type: "consume", clientId: 3000, taskId: 4000, consumed: CONSUMED },
  { type: "leaveTask", clientId: 3000, taskId: 4000 },
  { type: "loseTask", taskId: 4000, at: 3 },
  { type: "excludeTaken", iterationId: 2000, consumed: CONSUMED },
  { type: "resumeClient", iterationId: 2000, clientId: 3000, heirId: 3001, consumed: CONSUMED },
  { type: "freeJob", jobId: 5000 },
  { type: "freeDataset", datasetId: "1000" },
  { type: "takeSplit", iterationId: 2000, source: 0, repetition: 1, index: 7 },
  { type: "reserveSplits", iterationId: 2000, source: 0, repetition: 1, end: 39 },
  { type: "beginRun", boot: "b" },
  { type: "settleCompression", datasetId: "1000", disabled: true },
  { type: "beginSnapshot", path: "/data/a" },
  { type: "endSnapshot", path: "/data/a" },
  { type: "forgetSnapshot", path: "/data/b" },
  { type: "collectIteration", iterationId: 2001, at: 4 },
  { type: "loseWorker", address: "höst:1", at: 5 },
  { type: "removeWorker", address: "höst:1", at: 6 },
];

async function replayed(journal: Journal): Promise<(Update | StateSnapshot)[]> {
  return await Array.fromAsync(journal.replay());
}

/** Registers the suite under `name`. `make` gives an empty place for each test. */
export function testJournal(name: string, make: () => Promise<JournalStore>): void {
  const test = (sentence: string, body: (store: JournalStore) => Promise<void>) => {
    Deno.test(`${name}: ${sentence}`, async () => {
      const store = await make();
      try {
        await body(store);
      } finally {
        await store.dispose();
      }
    });
  };

  test("an empty place replays nothing", async (store) => {
    const journal = await store.open();
    assertEquals(await replayed(journal), []);
    await journal.close();
  });

  test("what was appended is replayed in order, field by field", async (store) => {
    const first = await store.open();
    await replayed(first);
    for (const update of SAMPLES) await first.append([update]);
    await first.close();
    const second = await store.open();
    assertEquals(await replayed(second), [...SAMPLES]);
    await second.close();
  });

  test("a journal that is opened again goes on behind what is there", async (store) => {
    for (const update of SAMPLES) {
      const journal = await store.open();
      await replayed(journal);
      await journal.append([update]);
      await journal.close();
    }
    const journal = await store.open();
    assertEquals(await replayed(journal), [...SAMPLES]);
    await journal.close();
  });

  test("many appends may wait at a time, and end in their order", async (store) => {
    const journal = await store.open();
    await replayed(journal);
    const ended: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await journal.append([{ type: "finishTask", taskId: i, at: 0 }, {
          type: "freeIteration",
          iterationId: i,
          at: 0,
        }]);
        ended.push(i);
      }),
    );
    assertEquals(ended, Array.from({ length: 50 }, (_, i) => i));
    await journal.close();
    const again = await store.open();
    const ids = (await replayed(again)).filter((update) => update.type === "finishTask").map(({ taskId }) =>
      taskId
    );
    assertEquals(ids, ended);
    await again.close();
  });

  test("an update that changes after the call is kept as it was", async (store) => {
    const journal = await store.open();
    await replayed(journal);
    const update = structuredClone(SAMPLES[1]) as Extract<Update, { type: "registerWorker" }>;
    const appended = journal.append([update]);
    update.tags.push("later");
    await appended;
    await journal.close();
    const again = await store.open();
    assertEquals(await replayed(again), [SAMPLES[1]]);
    await again.close();
  });

  test("closing waits for appends under way, and twice is fine", async (store) => {
    const journal = await store.open();
    await replayed(journal);
    const appended = journal.append([SAMPLES[0]]);
    await journal.close();
    await journal.close();
    await appended;
    const again = await store.open();
    assertEquals(await replayed(again), [SAMPLES[0]]);
    await again.close();
  });

  test("a closed journal takes nothing", async (store) => {
    const journal = await store.open();
    await replayed(journal);
    await journal.close();
    await assertRejects(() => journal.append([SAMPLES[0]]));
  });

  test("what a failing place rejected is kept by recover, in order, before anything else", async (store) => {
    const { setFailing } = store;
    if (!setFailing) return; // It cannot fail.
    const journal = await store.open();
    await replayed(journal);
    const updates = SAMPLES.slice(0, 6);
    await journal.append([updates[0]]);
    setFailing(true);
    const rejected = [updates[1], updates[2]].map((update) => journal.append([update]));
    for (const append of rejected) await assertRejects(() => append);
    await assertRejects(() => journal.append([updates[3]]));
    await assertRejects(() => journal.recover!());
    await assertRejects(() => journal.append([updates[4]]));
    setFailing(false);
    await journal.recover!();
    await journal.append([updates[5]]);
    await journal.recover!(); // Nothing is to be done.
    await journal.close();
    const again = await store.open();
    assertEquals(await replayed(again), updates);
    await again.close();
  });

  test("a journal that failed is closed without being recovered, and keeps what it acknowledged", async (store) => {
    const { setFailing } = store;
    if (!setFailing) return; // It cannot fail.
    const journal = await store.open();
    await replayed(journal);
    await journal.append([SAMPLES[0]]);
    setFailing(true);
    await assertRejects(() => journal.append([SAMPLES[1]]));
    await journal.close();
    await assertRejects(() => journal.recover!());
    setFailing(false);
    const again = await store.open();
    const [first, ...others] = await replayed(again);
    assertEquals(first, SAMPLES[0]);
    // It may be there: nobody was told that it is not.
    assertEquals(others, SAMPLES.slice(1, 1 + others.length));
    await again.close();
  });

  test("it says that it is durable", async (store) => {
    const journal = await store.open();
    assertEquals(journal.durable, true);
    await journal.close();
  });
}
