import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Dataset,
  type DispatcherConfig,
  distribute,
  type DistributeOptions,
  fromDatasetId,
  type FromDatasetIdOptions,
  InvalidArgumentError,
  NotFoundError,
  registerDataset,
  ShardingPolicy,
} from "../../mod.ts";
import { type Cluster, startCluster, until } from "../support/cluster.ts";
import { copies, numbers, sorted } from "../support/numbers.ts";

const { OFF, DYNAMIC } = ShardingPolicy;

function byId<T>(
  cluster: Cluster,
  datasetId: string,
  options: Partial<FromDatasetIdOptions> = {},
): Dataset<T> {
  const { service } = cluster;
  return fromDatasetId<T>({ processingMode: OFF, service, taskRefreshIntervalMs: 20, datasetId, ...options });
}

/** Where the state is kept, as the reference's grid of clusters has it. */
const GRID: [string, (workDir: string) => DispatcherConfig][] = [
  ["work dir, fault tolerant", (workDir) => ({ workDir, faultTolerantMode: true })],
  ["work dir, not fault tolerant", (workDir) => ({ workDir })],
  ["no work dir", () => ({})],
];

for (const [title, config] of GRID) {
  Deno.test(`6.6-1 testDistributeBasic: ${title}`, async () => {
    const workDir = await Deno.makeTempDir();
    try {
      await using cluster = await startCluster({ dispatcher: config(workDir) });
      assertEquals(await Dataset.range(10).apply(cluster.distribute()).toArray(), numbers(10));
    } finally {
      await Deno.remove(workDir, { recursive: true });
    }
  });
}

Deno.test("6.6-2 testDistributeInvalidCompression", () => {
  const compression = "foo" as DistributeOptions["compression"];
  assertThrows(
    () => distribute({ processingMode: OFF, service: "localhost:1", compression }),
    InvalidArgumentError,
    "Invalid `compression` argument",
  );
});

Deno.test("6.6-4 testDistributeRagged: elements of varying length keep their lengths", async () => {
  await using cluster = await startCluster();
  const rows = Dataset.range(9).map((x) => Array.from({ length: x % 4 }, (_, i) => x + i));
  const batches = rows.window(3).apply(cluster.distribute());
  assertEquals(await batches.toArray(), [
    [[], [1], [2, 3]],
    [[3, 4, 5], [], [5]],
    [[6, 7], [7, 8, 9], []],
  ]);
});

Deno.test("6.6-5 testDistributeLookupTable: what a function looks things up in travels as its captures", async () => {
  await using cluster = await startCluster();
  const captures = { table: { "0": 10, "1": 11 } as Record<string, number> };
  const dataset = Dataset.range(3).map((x, { captures: { table } }) => table[x] ?? -1, { captures });
  assertEquals(await dataset.apply(cluster.distribute()).toArray(), [10, 11, -1]);
});

Deno.test("6.6-6 testDistributeMutableHashTable: a table is taken as it is at the call", async () => {
  await using cluster = await startCluster();
  const table: Record<string, number> = { "0": 1, "1": 2 };
  const dataset = Dataset.range(3)
    .map((x, { captures }) => captures.table[x] ?? -7, { captures: { table } })
    .apply(cluster.distribute());
  table["2"] = 3;
  assertEquals(await dataset.toArray(), [1, 2, -7]);
});

Deno.test("6.6-7 workers shuffle in orders of their own", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(1000).shuffle(1000).map((x, { captures }) => x + captures.zero, {
    captures: { zero: 0 },
  });
  const first = await dataset.apply(cluster.distribute()).toArray();
  assertEquals(sorted(first), copies(2, 1000));
  const second = await dataset.apply(cluster.distribute()).toArray();
  assertNotEquals(first, second);
});

Deno.test("6.6-8 testMultipleEpochs", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(3).apply(cluster.distribute());
  for (let epoch = 0; epoch < 10; epoch++) assertEquals(await dataset.toArray(), numbers(3));
});

Deno.test("6.6-9 testRepeatedDataset", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10).apply(cluster.distribute()).repeat(5);
  assertEquals(await dataset.toArray(), numbers(5).flatMap(() => numbers(10)));
});

Deno.test("6.6-10 testConcurrentEpoch", async () => {
  await using cluster = await startCluster();
  const readers = numbers(3).map(() => Dataset.range(10).apply(cluster.distribute()).reader());
  for (let i = 0; i < 10; i++) {
    for (const reader of readers) assertEquals(await reader.next(), { done: false, value: i });
  }
  for (const reader of readers) assertEquals((await reader.next()).done, true);
});

Deno.test("6.6-12 testFromGenerator", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.fromGenerator(function* () {
    for (let i = 0; i < 10; i++) yield i;
  });
  assertEquals(await dataset.apply(cluster.distribute()).toArray(), numbers(10));
});

Deno.test("6.6-13 testMaxOutstandingRequests", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const dataset = Dataset.range(10).apply(cluster.distribute({ maxOutstandingRequests: 1 }));
  assertEquals(sorted(await dataset.toArray()), copies(3, 10));
});

for (const maxOutstandingRequests of [0, -2, 1.5, NaN]) {
  Deno.test(`6.6-13 maxOutstandingRequests ${maxOutstandingRequests} is refused`, () => {
    const options = { processingMode: OFF, service: "localhost:1", maxOutstandingRequests };
    assertThrows(() => distribute(options), InvalidArgumentError, "maxOutstandingRequests");
  });
}

Deno.test("6.6-15 testEmptyJobNameDistribute, 6.6-16 testEmptyJobNameFromDatasetId", () => {
  const options = { processingMode: OFF, service: "localhost:1", jobName: "" };
  assertThrows(() => distribute(options), InvalidArgumentError, "`jobName` must not be empty");
  assertThrows(
    () => fromDatasetId({ ...options, datasetId: "d" }),
    InvalidArgumentError,
    "`jobName` must not be empty",
  );
});

Deno.test("6.6-17 testNonStringJobNameDistribute, 6.6-18 testNonStringJobNameFromDatasetId", () => {
  const options = { processingMode: OFF, service: "localhost:1", jobName: [1] as unknown as string };
  assertThrows(() => distribute(options), InvalidArgumentError, "`jobName` must be a string");
  assertThrows(
    () => fromDatasetId({ ...options, datasetId: "d" }),
    InvalidArgumentError,
    "`jobName` must be a string",
  );
});

Deno.test("6.6-20 testDifferentJobNames", async () => {
  await using cluster = await startCluster();
  for (const jobName of ["job_name1", "job_name2"]) {
    assertEquals(await Dataset.range(10).apply(cluster.distribute({ jobName })).toArray(), numbers(10));
  }
});

Deno.test("6.6-21 testSharedJobNameMultiIteration", async () => {
  await using cluster = await startCluster();
  const [first, second] = [1, 2].map(() =>
    Dataset.range(10).apply(cluster.distribute({ jobName: "job_name" }))
  );
  assertEquals([await first.toArray(), await second.toArray()], [numbers(10), []]);
  assertEquals([await second.toArray(), await first.toArray()], [numbers(10), []]);
});

Deno.test("6.6-22 testSharedJobNameRepeat", async () => {
  await using cluster = await startCluster();
  const readers = [1, 2].map(() =>
    Dataset.range(100).apply(cluster.distribute({ jobName: "job_name" })).repeat(3).reader()
  );
  const read: number[] = [];
  for (const reader of readers) for (let i = 0; i < 60; i++) read.push((await reader.next()).value);
  for (const reader of readers) for await (const value of reader) read.push(value);
  assertEquals(sorted(read), copies(3, 100));
});

Deno.test("6.6-23 readers of a shared job get each element once between them", async () => {
  await using cluster = await startCluster();
  const readers = numbers(3).map(() => Dataset.range(30_000).apply(cluster.distribute({ jobName: "job" })));
  const parts = await Promise.all(readers.map((dataset) => dataset.toArray()));
  assertEquals(sorted(parts.flat()), numbers(30_000));
});

Deno.test("6.6-24 testSharedJobNameMultipleEpochs", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10).apply(cluster.distribute({ jobName: "job_name" }));
  for (let epoch = 0; epoch < 5; epoch++) assertEquals(await dataset.toArray(), numbers(10));
});

Deno.test("6.6-25 testStringDatasetId, 6.6-26 testPyStringDatasetId", async () => {
  await using cluster = await startCluster();
  const datasetId = await registerDataset(cluster.service, Dataset.range(10));
  assertEquals(typeof datasetId, "string");
  assertEquals(await byId(cluster, datasetId, { jobName: "job_name" }).toArray(), numbers(10));
});

const EAGER_GC = { jobGcCheckIntervalMs: 20, jobGcTimeoutMs: 0 };

/** Waits until the dispatcher has looked for what to collect some more times. */
async function severalCollections(cluster: Cluster): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const reader = Dataset.range(1000).repeat().apply(cluster.distribute()).reader();
    await reader.next();
    const id = Math.max(...cluster.dispatcher.status().iterations.map((iteration) => iteration.id));
    await reader.return();
    await until(
      () => !cluster.dispatcher.status().iterations.some((iteration) => iteration.id === id),
      "the marker is collected",
    );
  }
}

Deno.test("6.6-28 testDontGcUsedJob", async () => {
  await using cluster = await startCluster({ dispatcher: EAGER_GC });
  const readers = ["test1", "test2", "test2"].map((jobName) =>
    Dataset.range(1_000_000).repeat().apply(cluster.distribute({ jobName, maxOutstandingRequests: 1 }))
      .reader()
  );
  for (const reader of readers) await reader.next();
  assertEquals(cluster.workers[0].numTasks(), 2);
  await readers[0].return();
  await readers[1].return();
  await severalCollections(cluster);
  await until(() => cluster.workers[0].numTasks() === 1, "the unused task is deleted");
  await readers[2].return();
});

Deno.test("6.6-29 testDontGcJobsWithVisitationGuarantees", async () => {
  await using cluster = await startCluster({ dispatcher: EAGER_GC });
  for (const processingMode of [OFF, DYNAMIC]) {
    const options = { processingMode, jobName: `job ${processingMode}` };
    const reader = Dataset.range(1_000_000).repeat().apply(cluster.distribute(options)).reader();
    await reader.next();
    await reader.return();
  }
  await severalCollections(cluster);
  await until(() => cluster.workers[0].numTasks() === 1, "the task without a guarantee is deleted");
  const { iterations, jobs } = cluster.dispatcher.status();
  const kept = jobs.filter(({ id }) => iterations.some(({ jobId }) => jobId === id));
  assertEquals(kept.map(({ processingMode }) => processingMode), ["DYNAMIC"]);
});

Deno.test("6.6-30 testGcDynamicShardingJobIfRequested", async () => {
  await using cluster = await startCluster({ dispatcher: { ...EAGER_GC, gcDynamicShardingJobs: true } });
  const dataset = Dataset.range(1_000_000).apply(cluster.distribute({ processingMode: DYNAMIC }));
  const reader = dataset.reader();
  await reader.next();
  assertEquals(cluster.workers[0].numTasks(), 1);
  await reader.return();
  await until(() => cluster.workers[0].numTasks() === 0, "the task is deleted");
});

Deno.test("6.6-31 a job is kept by default for as long as its readers may come back", async () => {
  await using cluster = await startCluster({ dispatcher: { jobGcCheckIntervalMs: 5, jobGcTimeoutMs: -1 } });
  const reader = Dataset.range(1_000_000).repeat().apply(cluster.distribute({ jobName: "job" })).reader();
  await reader.next();
  await reader.return();
  assertEquals(cluster.dispatcher.status().clients, []);
  assertEquals([cluster.workers[0].numTasks(), cluster.dispatcher.status().iterations.length], [1, 1]);
});

Deno.test("a pass that nobody else can join ends on its worker when its reader leaves, long before a heartbeat", async () => {
  for (const isolation of ["none", "process"] as const) {
    await using cluster = await startCluster({ worker: { isolation, heartbeatIntervalMs: 3_600_000 } });
    const reader = Dataset.range(1_000_000).repeat().apply(cluster.distribute()).reader();
    await reader.next();
    assertEquals(cluster.workers[0].numTasks(), 1);
    await reader.return();
    assertEquals(cluster.dispatcher.status().iterations, []);
    await until(() => cluster.workers[0].numTasks() === 0, "the task is ended");
  }
});

Deno.test("6.6-32 testGcClient", async () => {
  await using cluster = await startCluster({ dispatcher: { clientTimeoutMs: 50, jobGcCheckIntervalMs: 20 } });
  const reader = Dataset.range(1000).apply(cluster.distribute({ taskRefreshIntervalMs: 10_000 })).reader();
  assertEquals((await reader.next()).value, 0);
  await until(() => cluster.dispatcher.status().clients.length === 0, "the client is released");
  const drain = async () => {
    for await (const _ of reader);
  };
  await assertRejects(drain, NotFoundError, "Unknown iteration client id");
});

Deno.test("6.6-33 testKeepClientAliveBeforeReading", async () => {
  await using cluster = await startCluster({ dispatcher: { clientTimeoutMs: 20, jobGcCheckIntervalMs: 5 } });
  const early = Dataset.range(1000).apply(cluster.distribute()).reader();
  // Nothing is sent before the first element is asked for, so that nothing can time out.
  assertEquals(cluster.dispatcher.status().datasets, []);
  assertEquals(await Dataset.range(10).apply(cluster.distribute()).toArray(), numbers(10));
  const read: number[] = [];
  for await (const value of early) read.push(value);
  assertEquals(read, numbers(1000));
});

Deno.test("6.6-34 testApplyDeterminismOption", async () => {
  await using cluster = await startCluster();
  const delayed = Dataset.range(10).interleave(async function* (x) {
    if (x === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    yield x;
  }, { cycleLength: 10, parallel: 10 });
  const free = delayed.withOptions({ deterministic: false }).apply(cluster.distribute());
  const read = await free.toArray();
  assertEquals(sorted(read), numbers(10));
  assertNotEquals(read, numbers(10));
  const fixed = delayed.withOptions({ deterministic: true }).apply(cluster.distribute());
  assertEquals(await fixed.toArray(), numbers(10));
});

Deno.test("6.6-36 testStatefulError: state outside of a function is refused by its name", async () => {
  await using cluster = await startCluster();
  let calls = 0;
  const dataset = Dataset.range(10).map((x) => x + ++calls).apply(cluster.distribute());
  await assertRejects(() => dataset.toArray(), InvalidArgumentError, '"calls"');
  assertEquals(calls, 0);
});

Deno.test("6.6-37 testDistributeFromInterleave", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.fromArray([0, 1]).interleave(
    (x) => Dataset.range(10 * x, 10 * x + 2).apply(cluster.distribute()),
    { cycleLength: 2 },
  );
  assertEquals(await dataset.toArray(), [0, 10, 1, 11]);
});

Deno.test("6.6-38 testDistributeNonStringAddresses, 6.6-39 an empty address", () => {
  const to = (service: unknown) => () => distribute({ processingMode: OFF, service: service as string });
  assertThrows(to(1), InvalidArgumentError, "`service` must be a string");
  assertThrows(to(""), InvalidArgumentError, "`service` must not be empty");
});

Deno.test("6.6-40 testDistributeInvalidProtocol", () => {
  for (const service of ["grp://localhost:1", "grpc://localhost:1", "http://a://b:1"]) {
    assertThrows(() => distribute({ processingMode: OFF, service }), InvalidArgumentError);
  }
});

Deno.test("6.6-41 testDistributeInvalidProcessingMode", () => {
  const processingMode = "invalid" as "parallel_epochs";
  const error = assertThrows(
    () => distribute({ processingMode, service: "localhost:1" }),
    InvalidArgumentError,
    "should be a `ShardingPolicy`",
  );
  for (const words of ['"parallel_epochs"', '"distributed_epoch"', "Got", "invalid"]) {
    assertStringIncludes(error.message, words);
  }
});

Deno.test("6.6-42 testZipDifferentProcessingModesDatasets", async () => {
  await using cluster = await startCluster();
  const [dynamic, off] = [DYNAMIC, OFF].map((processingMode) =>
    Dataset.range(100).apply(cluster.distribute({ processingMode }))
  );
  const pairs = await Dataset.zip(dynamic, off).toArray();
  assertEquals(pairs.map(([, x]) => x), numbers(100));
  assertEquals(sorted(pairs.map(([x]) => x)), numbers(100));
});

Deno.test("6.6-44 testFromDatasetId", async () => {
  await using cluster = await startCluster();
  const datasetId = await registerDataset(cluster.service, Dataset.range(10));
  assertEquals(await byId(cluster, datasetId).toArray(), numbers(10));
});

Deno.test("6.6-45 testFromDatasetIdSharedJobs", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const datasets = [Dataset.range(20), Dataset.range(20, 40)];
  const readers: Dataset<number>[] = [];
  for (const [i, dataset] of datasets.entries()) {
    const datasetId = `dataset_${i + 1}`;
    await registerDataset(cluster.service, dataset, { datasetId });
    for (const _ of [1, 2]) {
      readers.push(byId(cluster, datasetId, { jobName: "shared_job", processingMode: DYNAMIC }));
    }
  }
  const parts = await Promise.all(readers.map((dataset) => dataset.toArray()));
  assertEquals(sorted(parts.flat()), numbers(40));
});

Deno.test("6.6-49 testFromDatasetIdNotRegistered", async () => {
  await using cluster = await startCluster();
  await assertRejects(
    () => byId(cluster, "UnregisteredID").toArray(),
    NotFoundError,
    "Dataset id UnregisteredID not found",
  );
});

Deno.test("6.6-50 testCancellation", async () => {
  await using cluster = await startCluster();
  const stuck = Dataset.range(2).map(async (x) => {
    if (x === 1) await new Promise(() => {});
    return x;
  });
  const reader = stuck.apply(cluster.distribute()).reader();
  assertEquals((await reader.next()).value, 0);
  const next = reader.next();
  await reader.return();
  assertEquals((await next).done, true);
});

Deno.test("6.6-51 ids that the dispatcher makes leave out those that were chosen", async () => {
  await using cluster = await startCluster();
  const { service } = cluster;
  const made = await registerDataset(service, Dataset.range(1));
  const chosen = String(Number(made) + 1);
  assertEquals(await registerDataset(service, Dataset.range(2), { datasetId: chosen }), chosen);
  const next = await registerDataset(service, Dataset.range(3));
  assertEquals(new Set([made, chosen, next]).size, 3);
  assertEquals(await byId(cluster, chosen).toArray(), [0, 1]);
});

Deno.test("6.6-52 testRegisterWithExplicitDatasetId, 6.6-53 testFromRegisteredStringDatasetId", async () => {
  await using cluster = await startCluster();
  const datasetId = "dataset_id";
  assertEquals(await registerDataset(cluster.service, Dataset.range(10), { datasetId }), datasetId);
  assertEquals(await byId(cluster, "dataset_id").toArray(), numbers(10));
});

Deno.test("6.6-54 testRegisterSameDatasetIds", async () => {
  await using cluster = await startCluster();
  const datasetId = "dataset_id";
  for (const _ of [1, 2]) await registerDataset(cluster.service, Dataset.range(10), { datasetId });
  const [first, second] = [1, 2].map(() => byId(cluster, datasetId, { jobName: "job" }));
  assertEquals([await first.toArray(), await second.toArray()], [numbers(10), []]);
});

Deno.test("6.6-55 another graph of the same structure under an id leaves the first one there", async () => {
  await using cluster = await startCluster();
  const datasetId = "dataset_id";
  await registerDataset(cluster.service, Dataset.range(10), { datasetId });
  await registerDataset(cluster.service, Dataset.range(10).map((x) => x * 100).take(10), { datasetId })
    .catch((error) => assert(error instanceof InvalidArgumentError));
  assertEquals(await byId(cluster, datasetId).toArray(), numbers(10));
});

Deno.test("6.6-56 testDatasetsDoNotMatch", async () => {
  await using cluster = await startCluster();
  const options = { datasetId: "dataset_id", compression: null };
  await registerDataset(cluster.service, Dataset.range(2), options);
  await assertRejects(
    () => registerDataset(cluster.service, Dataset.fromArray(["a", "b"]), options),
    InvalidArgumentError,
    "Datasets with the same ID should have the same structure",
  );
});

Deno.test("6.6-57 testDoubleDistribute", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10).apply(cluster.distribute()).apply(cluster.distribute());
  assertEquals(await dataset.toArray(), numbers(10));
});

Deno.test("6.6-58 testTwoLevelDistribute", async () => {
  await using first = await startCluster({ workers: 3 });
  await using second = await startCluster();
  const strings = Dataset.range(10).map((x) => "a".repeat(x)).repeat(5).shuffle(50).apply(first.distribute());
  const grouped = strings.groupByWindow({
    key: (text) => text.length,
    reduce: (_, window) => window.batch(5),
    size: 15,
  }).apply(second.distribute());
  const batches = await grouped.toArray() as string[][];
  assertEquals(batches.length, 30);
  const seen: number[] = [];
  for (let i = 0; i < 30; i += 3) {
    const three = batches.slice(i, i + 3);
    const length = three[0][0].length;
    seen.push(length);
    for (const batch of three) assertEquals(batch, Array<string>(5).fill("a".repeat(length)));
  }
  assertEquals(sorted(seen), numbers(10));
});

Deno.test("6.6-60 testBatchDropsAllElements", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(10).batch(1000, { dropRemainder: true }).apply(cluster.distribute());
  assertEquals(await dataset.toArray(), []);
});

Deno.test("6.6-61 testBatchDoesNotDropRemainder", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const batches = await Dataset.range(10).batch(1000).apply(cluster.distribute()).toArray();
  assertEquals(batches.map((batch) => [...batch]), [numbers(10), numbers(10)]);
});

Deno.test("6.6-62 testVariables: a variable travels as a capture", async () => {
  await using cluster = await startCluster();
  const v = 10;
  const dataset = Dataset.range(3).map((x, { captures }) => x + captures.v, { captures: { v } });
  assertEquals(await dataset.apply(cluster.distribute()).toArray(), [10, 11, 12]);
});

Deno.test("6.6-64 testExplicitProtocolFromDatasetId, 6.6-65 testDistributeExplicitProtocol", async () => {
  await using cluster = await startCluster();
  const { address } = cluster.dispatcher;
  const datasetId = await registerDataset(`http://${address}`, Dataset.range(10));
  for (const service of [address, `http://${address}`, `http://${address}/`]) {
    assertEquals(await byId(cluster, datasetId, { service }).toArray(), numbers(10));
    assertEquals(await Dataset.range(10).apply(cluster.distribute({ service })).toArray(), numbers(10));
  }
});

for (const compression of [null, "AUTO"] as const) {
  Deno.test(`6.6-66 testDistributeCompression: ${compression}`, async () => {
    await using cluster = await startCluster();
    assertEquals(await Dataset.range(10).apply(cluster.distribute({ compression })).toArray(), numbers(10));
  });
}
