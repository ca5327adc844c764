import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  Dataset,
  type Dataset as DatasetOf,
  type DispatcherConfig,
  DispatchServer,
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  SHARD_HINT,
  ShardingPolicy,
  WorkerServer,
} from "../../mod.ts";
import { tfrecordFrame } from "../../src/sources/mod.ts";
import { type MixedCluster, startMixedCluster } from "../support/mixed_cluster.ts";
import { numbers, sorted } from "../support/numbers.ts";

const { OFF, DYNAMIC, FILE, DATA, FILE_OR_DATA, HINT } = ShardingPolicy;
const text = new TextEncoder();

/** S(n, i): n workers started in order, the i-th in this process; workers may take the addresses in any port. */
function shards(
  count: number,
  local: number,
  dispatcher: DispatcherConfig = {},
): Promise<MixedCluster> {
  return startMixedCluster({
    local: 1,
    remote: count - 1,
    before: local,
    dispatcher: { workerAddresses: Array<string>(count).fill("localhost"), ...dispatcher },
  });
}

/** A directory with files f0, f1, ... of ten records each. */
class Files implements Disposable {
  readonly #directory = Deno.makeTempDirSync();
  readonly pattern = `${this.#directory}/f*`;

  constructor(count = 10) {
    for (let file = 0; file < count; file++) {
      const frames = numbers(10).map((record) => tfrecordFrame(text.encode(show(file, record))));
      Deno.writeFileSync(
        `${this.#directory}/f${file}`,
        new Uint8Array(frames.flatMap((frame) => [...frame])),
      );
    }
  }

  /** The files, one after the other. */
  records(): DatasetOf<Uint8Array> {
    return Dataset.tfrecord(Dataset.listFiles(this.pattern));
  }

  /** One record of each of ten files, then the next of each. */
  interleaved(): DatasetOf<Uint8Array> {
    return Dataset.listFiles(this.pattern)
      .interleave((file, { Dataset }) => Dataset.tfrecord(file), { cycleLength: 10, parallel: 4 })
      .prefetch(4);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#directory, { recursive: true });
  }
}

function show(file: number, record: number): string {
  return `Record ${record} of file ${file}`;
}

/** All records of some files, file after file. */
function recordsOf(...files: number[]): string[] {
  return files.flatMap((file) => numbers(10).map((record) => show(file, record)));
}

/** Some records of all files. */
function recordsAt(...records: number[]): string[] {
  return numbers(10).flatMap((file) => records.map((record) => show(file, record)));
}

async function strings(dataset: DatasetOf<Uint8Array>): Promise<string[]> {
  return (await dataset.toArray()).map((bytes) => new TextDecoder().decode(bytes));
}

for (const processingMode of [DATA, FILE_OR_DATA]) {
  Deno.test(`6.1-1 testRangeDataset_AutoShard: ${ShardingPolicy[processingMode]}`, async () => {
    await using cluster = await shards(5, 1);
    const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode }));
    assertEquals(await dataset.toArray(), [1, 6, 11, 16]);
  });
}

Deno.test("6.1-2 testRangeDataset_FileShard", async () => {
  await using cluster = await shards(5, 1);
  const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode: FILE }));
  await assertRejects(() => dataset.toArray(), NotFoundError, "Found an unshardable source dataset");
});

Deno.test("6.1-3 every shard is read where the workers are remote, and the status says what that promises", async () => {
  await using cluster = await shards(3, 1, { deploymentMode: "remote" });
  const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode: DATA, jobName: "data" }));
  assertEquals(sorted(await dataset.toArray()), numbers(20));
  const [{ processingMode, guarantee }] = cluster.dispatcher.status().jobs;
  assertEquals({ processingMode, guarantee }, { processingMode: "DATA", guarantee: "exactly-once" });
});

Deno.test("6.1-4 testRangeDataset_InvalidWorkerIndexUsingShardHint", () => {
  // Earlier than the reference: the call that takes the wrong argument throws.
  const error = assertThrowsInvalid(() => Dataset.range(20).shard(5, SHARD_HINT));
  assertStringIncludes(error, "Index must be between 0 and 4 (currently index = -1)");
});

Deno.test("HINT promises what the hint divides: without one, every worker gives everything and nothing is promised", async () => {
  await using cluster = await shards(3, 1, { deploymentMode: "remote" });
  const read = (dataset: DatasetOf<number>, jobName: string) =>
    dataset.apply(cluster.distribute<number>({ processingMode: HINT, jobName })).toArray();
  const hinted = Dataset.range(20).shard(SHARD_HINT, SHARD_HINT);
  assertEquals(sorted(await read(hinted, "hinted")), numbers(20));
  assertEquals(sorted(await read(hinted.concatenate(Dataset.range(0)), "below")), numbers(20));
  assertEquals((await read(Dataset.range(20), "plain")).length, 60);
  const guarantees = cluster.dispatcher.status().jobs.map(({ name, guarantee }) => [name, guarantee]);
  assertEquals(guarantees, [["hinted", "exactly-once"], ["below", "exactly-once"], ["plain", "none"]]);
});

Deno.test("6.1-5 testRangeDataset_NoShardHint", async () => {
  await using cluster = await shards(5, 1);
  const dataset = Dataset.range(20).shard(1, 0).apply(cluster.distribute({ processingMode: HINT }));
  assertEquals(await dataset.toArray(), numbers(20));
});

for (const processingMode of [OFF, FILE_OR_DATA]) {
  const policy = ShardingPolicy[processingMode];
  Deno.test(`6.1-6 testRangeDataset_ShardHintUsedInWrongShardingPolicy: ${policy}`, async () => {
    await using cluster = await shards(5, 1);
    const dataset = Dataset.range(20).shard(SHARD_HINT, SHARD_HINT).apply(
      cluster.distribute({ processingMode }),
    );
    await assertRejects(
      () => dataset.toArray(),
      FailedPreconditionError,
      "ShardingPolicy.HINT` processing mode",
    );
  });
}

Deno.test("6.1-7 all workers divide one order: no element twice, none left out", async () => {
  await using cluster = await shards(3, 1, { deploymentMode: "remote" });
  const dataset = Dataset.range(1000).shuffle(1000).apply(cluster.distribute({ processingMode: DATA }));
  assertEquals(sorted(await dataset.toArray()), numbers(1000));
});

Deno.test("6.1-8 testRangeDataset_OneWorker", async () => {
  await using cluster = await shards(1, 0);
  const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  assertEquals(await dataset.toArray(), numbers(20));
});

Deno.test("6.1-9 testRangeDataset_ReadFromAnyWorker", async () => {
  await using cluster = await shards(5, 1, { deploymentMode: "remote" });
  const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  assertEquals(sorted(await dataset.toArray()), numbers(20));
});

for (const processingMode of [FILE_OR_DATA, FILE]) {
  Deno.test(`6.1-10 testTFRecordDataset_AutoShard: ${ShardingPolicy[processingMode]}`, async () => {
    using files = new Files();
    await using cluster = await shards(5, 3);
    const dataset = files.records().apply(cluster.distribute({ processingMode, targetWorkers: "LOCAL" }));
    assertEquals(await strings(dataset), recordsOf(3, 8));
  });
}

Deno.test("6.1-11 a shuffled list of files is divided in one order: no file twice, none left out", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3, { deploymentMode: "remote" });
  const listed = Dataset.listFiles(files.pattern, { shuffle: true });
  const dataset = Dataset.tfrecord(listed).apply(cluster.distribute({ processingMode: FILE }));
  assertEquals((await strings(dataset)).sort(), recordsOf(...numbers(10)).sort());
});

Deno.test("6.1-12 testTFRecordDataset_DataShard", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3);
  const dataset = files.records().apply(cluster.distribute({ processingMode: DATA }));
  assertEquals(await strings(dataset), recordsAt(3, 8));
});

Deno.test("6.1-13 testTFRecordDataset_HintDataShard", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3);
  const dataset = files.records().shard(SHARD_HINT, SHARD_HINT).apply(
    cluster.distribute({ processingMode: HINT }),
  );
  assertEquals(await strings(dataset), recordsAt(3, 8));
});

Deno.test("6.1-14 testTFRecordDataset_HintFileShard", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3);
  const listed = Dataset.listFiles(files.pattern).shard(SHARD_HINT, SHARD_HINT);
  const dataset = Dataset.tfrecord(listed).apply(cluster.distribute({ processingMode: HINT }));
  assertEquals(await strings(dataset), recordsOf(3, 8));
});

Deno.test("6.1-16 testTFRecordDataset_ReadFromAnyWorker", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3, { deploymentMode: "remote" });
  const dataset = files.records().apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  assertEquals((await strings(dataset)).sort(), recordsOf(...numbers(10)).sort());
});

for (const processingMode of [FILE_OR_DATA, FILE]) {
  const policy = ShardingPolicy[processingMode];
  Deno.test(`6.1-17 testTFRecordDataset_FewerFilesThanWorkers: ${policy}`, async () => {
    using files = new Files(4);
    await using cluster = await shards(5, 3);
    const dataset = files.records().apply(cluster.distribute({ processingMode }));
    await assertRejects(
      () => dataset.toArray(),
      InvalidArgumentError,
      "not enough for the required 5 shards/workers",
    );
  });
}

Deno.test("6.1-18 testTFRecordDataset_FewerFilesThanWorkers_HintShard", async () => {
  using files = new Files(4);
  await using cluster = await shards(5, 3);
  const listed = Dataset.listFiles(files.pattern).shard(SHARD_HINT, SHARD_HINT);
  const dataset = Dataset.tfrecord(listed).apply(cluster.distribute({ processingMode: HINT }));
  await assertRejects(
    () => dataset.toArray(),
    InvalidArgumentError,
    "not enough for the required 5 shards/workers",
  );
});

Deno.test("6.1-19 fewer files than workers are enough where data are divided", async () => {
  using files = new Files(4);
  await using cluster = await shards(5, 3);
  const dataset = files.records().apply(cluster.distribute({ processingMode: DATA }));
  assertEquals(await strings(dataset), [0, 1, 2, 3].flatMap((file) => [show(file, 3), show(file, 8)]));
});

for (const processingMode of [FILE_OR_DATA, DATA]) {
  Deno.test(`6.1-20 testBatchDataset: ${ShardingPolicy[processingMode]}`, async () => {
    await using cluster = await shards(5, 1);
    const dataset = Dataset.range(20).batch(3).apply(cluster.distribute({ processingMode }));
    assertEquals((await dataset.toArray()).map((batch) => [...batch]), [[3, 4, 5], [18, 19]]);
  });
}

Deno.test("6.1-21 testInterleaveDataset", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3);
  const dataset = files.interleaved().apply(cluster.distribute({ processingMode: FILE_OR_DATA })).prefetch(4);
  assertEquals(await strings(dataset), numbers(10).flatMap((record) => [show(3, record), show(8, record)]));
});

Deno.test("6.1-22 testZipDataset", async () => {
  using files = new Files();
  await using cluster = await shards(5, 3);
  const dataset = Dataset.zip(files.interleaved(), files.interleaved())
    .apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  const decoder = new TextDecoder();
  const pairs = (await dataset.toArray()).map((pair) => pair.map((bytes) => decoder.decode(bytes)));
  const expected = numbers(10).flatMap((record) => [show(3, record), show(8, record)]);
  assertEquals(pairs, expected.map((record) => [record, record]));
});

Deno.test("6.1-23 files that are concatenated are divided each for itself", async () => {
  using files = new Files();
  using more = new Files();
  await using cluster = await shards(5, 3);
  const dataset = files.records().concatenate(more.records())
    .apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  assertEquals(await strings(dataset), [...recordsOf(3, 8), ...recordsOf(3, 8)]);
});

Deno.test("6.1-24 testEmptyDataset", async () => {
  await using cluster = await shards(5, 1);
  const dataset = Dataset.range(0).apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  assertEquals(await dataset.toArray(), []);
});

for (const [title, place] of [["25 testAnonymousPorts", "%port%"], ["26 testNamedPorts", "%port_worker%"]]) {
  Deno.test(`6.1-${title}`, async () => {
    const workerAddresses = Array<string>(5).fill(`localhost:${place}`);
    await using cluster = await shards(5, 3, { workerAddresses });
    const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
    assertEquals(await dataset.toArray(), [3, 8, 13, 18]);
  });
}

Deno.test("6.1-27 places that name their port, in another order than the workers start in", async () => {
  const free = [0, 1].map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = free.map((listener) => (listener.addr as Deno.NetAddr).port);
  for (const listener of free) listener.close();
  const workerAddresses = ports.map((port) => `localhost:${port}`);
  await using dispatcher = await DispatchServer.start({ workerAddresses, deploymentMode: "colocated" });
  const dispatcherAddress = dispatcher.address;
  await using _second = await WorkerServer.start({ dispatcherAddress, port: ports[1] });
  const { distribute } = await import("../../mod.ts");
  const dataset = Dataset.range(6).apply(
    distribute({ processingMode: DATA, service: dispatcher.target, taskRefreshIntervalMs: 20 }),
  );
  assertEquals(await dataset.toArray(), [1, 3, 5]);
});

Deno.test("6.1-28 testEmptyWorkerList", async () => {
  await using cluster = await shards(5, 1, { workerAddresses: [] });
  const dataset = Dataset.range(20).apply(cluster.distribute({ processingMode: FILE_OR_DATA }));
  const error = await assertRejects(() => dataset.toArray(), NotFoundError);
  assertEquals(/Worker .* is not in the workers list/.test(error.message), true, error.message);
});

Deno.test("6.1-29 testWorkerNotFound", async () => {
  const workerAddresses = numbers(5).map((i) => `fake_worker_${i}`);
  await assertRejects(
    () => shards(5, 1, { workerAddresses }).then((cluster) => cluster[Symbol.asyncDispose]()),
    Error,
    "The worker's address is not configured",
  );
});

Deno.test("6.1-30 testMoreWorkersThanConfigured", async () => {
  await using cluster = await shards(1, 0, { workerAddresses: ["localhost:%port%"] });
  await assertRejects(
    () => cluster.addWorker(),
    FailedPreconditionError,
    "other workers are already running at the configured host",
  );
  assertEquals(cluster.dispatcher.status().workers.length, 1);
});

Deno.test("6.1-31 a worker that has left makes its place free for the next one", async () => {
  await using cluster = await shards(1, 0, { workerAddresses: ["localhost:%port%"] });
  await cluster.workers[0].stop();
  await cluster.addWorker();
  const dataset = Dataset.range(3).apply(cluster.distribute({ processingMode: DATA }));
  assertEquals(await dataset.toArray(), [0, 1, 2]);
});

for (const processingMode of [OFF, DYNAMIC, FILE, DATA, FILE_OR_DATA, HINT]) {
  Deno.test(`6.1-32 testEnumerateShardingPolicies: ${ShardingPolicy[processingMode]}`, async () => {
    using files = new Files();
    await using cluster = await shards(5, 3);
    const read = await strings(files.records().apply(cluster.distribute({ processingMode })));
    const expected = {
      [OFF]: 500,
      [DYNAMIC]: 100,
      [FILE]: 20,
      [DATA]: 20,
      [FILE_OR_DATA]: 20,
      [HINT]: 100, // Nothing to fill in, and only the local worker is read.
    };
    assertEquals(read.length, expected[processingMode]);
  });
}

function assertThrowsInvalid(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.message;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

Deno.test("workerAddresses that nobody can have are refused, with their place", async () => {
  const good = [
    "host",
    "host:5051",
    "host:%port%",
    "host:%port_worker%",
    "[::1]:%port%",
    "http://host:1",
    "/task/0",
  ];
  await using _dispatcher = await DispatchServer.start({ workerAddresses: good });
  for (
    const bad of ["", "host:", "host:port", "host:1:2", "host:99999", "http://", "host:%other%", "::1", "a b"]
  ) {
    await assertRejects(
      () => DispatchServer.start({ workerAddresses: ["host", bad] }),
      InvalidArgumentError,
      "workerAddresses[1]",
    );
  }
});
