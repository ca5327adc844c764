import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CrossTrainerCache,
  Dataset,
  type DistributeOptions,
  fromDatasetId,
  InternalError,
  InvalidArgumentError,
  registerDataset,
  ShardingPolicy,
} from "../../mod.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { numbers, sorted } from "../support/numbers.ts";

const endless = () => Dataset.range(10_000_000).repeat();

/** The base of the cases: an endless dataset read by a trainer through job "job". */
function trained<T>(
  cluster: Cluster,
  trainer: string,
  dataset: Dataset<T>,
  options: Partial<DistributeOptions> = {},
): Dataset<T> {
  const crossTrainerCache = new CrossTrainerCache(trainer);
  return dataset.apply(cluster.distribute({ jobName: "job", crossTrainerCache, ...options }));
}

async function take<T>(dataset: Dataset<T>, count: number): Promise<T[]> {
  return await dataset.take(count).toArray();
}

function small(cacheBytes: number): Promise<Cluster> {
  return startCluster({ worker: { crossTrainerCacheSizeBytes: cacheBytes } });
}

Deno.test("6.4-1 testEnableCrossTrainerCache", async () => {
  await using cluster = await startCluster();
  assertEquals(await take(trained(cluster, "Trainer 1", endless()), 10), numbers(10));
  assertEquals(await take(trained(cluster, "Trainer 2", endless()), 10), numbers(10));
});

Deno.test("6.4-2 testFromDatasetId", async () => {
  await using cluster = await startCluster();
  for (const trainer of ["Trainer 1", "Trainer 2"]) {
    const datasetId = await registerDataset(cluster.service, endless(), { datasetId: "dataset_id" });
    const dataset = fromDatasetId({
      datasetId,
      processingMode: ShardingPolicy.OFF,
      service: cluster.service,
      jobName: "job",
      crossTrainerCache: new CrossTrainerCache(trainer),
      taskRefreshIntervalMs: 20,
    });
    assertEquals(await take(dataset, 10), numbers(10));
  }
});

Deno.test("6.4-4 testConcurrentReaders", async () => {
  await using cluster = await small((navigator.hardwareConcurrency + 8) * 423);
  const readers = numbers(20).map((i) =>
    trained(cluster, `Trainer ${i}`, endless(), { maxOutstandingRequests: 1 }).reader()
  );
  for (let step = 0; step < 50; step++) {
    for (const reader of readers) assertEquals((await reader.next()).value, step);
  }
  await Promise.all(readers.map((reader) => reader.return()));
});

Deno.test("6.4-5 testSlowClientSkipsData", async () => {
  await using cluster = await small(500);
  assertEquals(await take(trained(cluster, "Trainer 1", endless()), 200), numbers(200));
  const slow = await take(trained(cluster, "Trainer 2", endless()), 200);
  assertEquals(slow.length, 200);
  assert(slow[0] > 0);
  assertEquals(slow, sorted(slow));
});

Deno.test("6.4-6 testSmallCache", async () => {
  await using cluster = await small(500);
  for (let i = 0; i < 20; i++) {
    assertEquals((await take(trained(cluster, `Trainer ${i}`, endless()), 200)).length, 200);
  }
});

Deno.test("6.4-7 elements that are shuffled come to all trainers in one order", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10_000_000).repeat().shuffle(100);
  const first = await take(trained(cluster, "Trainer 1", dataset), 10);
  assertEquals(await take(trained(cluster, "Trainer 2", dataset), 10), first);
});

Deno.test("6.4-8 testSameTrainerID", async () => {
  await using cluster = await startCluster();
  assertEquals(await take(trained(cluster, "Trainer ID", endless()), 10), numbers(10));
  const [first] = await take(trained(cluster, "Trainer ID", endless()), 10);
  assert(first >= 10);
});

Deno.test("6.4-9 testDifferentJobNames", async () => {
  await using cluster = await startCluster();
  for (const jobName of ["job1", "job2"]) {
    assertEquals(await take(trained(cluster, "Trainer", endless(), { jobName }), 10), numbers(10));
  }
});

Deno.test("6.4-10 testDynamicSharding", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const processingMode = ShardingPolicy.DYNAMIC;
  const first = await take(trained(cluster, "Trainer 1", endless(), { processingMode }), 100);
  const second = await take(trained(cluster, "Trainer 2", endless(), { processingMode }), 100);
  assert(first.some((x) => second.includes(x)));
  assertEquals(cluster.dispatcher.status().jobs.map(({ guarantee }) => guarantee), ["at-most-once"]);
});

Deno.test("6.4-12 testCompressionMismatch: compression is a matter of each reader's stream", async () => {
  await using cluster = await startCluster();
  const wishes = [undefined, null, "GZIP", "SNAPPY", "ZSTD"] as const;
  for (const compression of wishes) {
    const dataset = Dataset.range(10_000_000).map((x) => `${x}`.padStart(2000)).repeat();
    const read = await take(trained(cluster, `Trainer ${compression}`, dataset, { compression }), 10);
    assertEquals(read.map(Number), numbers(10));
  }
});

Deno.test("6.4-13 testRequiresJobName", async () => {
  await using cluster = await startCluster();
  assertThrows(
    () => trained(cluster, "Trainer ID", endless(), { jobName: undefined }),
    InvalidArgumentError,
    "Cross-trainer caching requires named jobs. Got empty `jobName`",
  );
});

for (const count of [0, 10, 50_000]) {
  Deno.test(`6.4-14 testRequiresInfiniteDataset: ours takes finite data too, ${count} elements`, async () => {
    await using cluster = await startCluster();
    const make = (trainer: string) => trained(cluster, trainer, Dataset.range(count).map((x) => x));
    const together = await Promise.all(["1", "2", "3"].map((trainer) => make(trainer).toArray()));
    assertEquals(together, [numbers(count), numbers(count), numbers(count)]);
    assertEquals(await make("late").toArray(), numbers(count));
    // Nobody sees an element again.
    assertEquals(await make("1").toArray(), []);
  });
}

Deno.test("6.4-14 a trainer that comes to finite data late finds what the window still holds", async () => {
  await using cluster = await small(500);
  const make = (trainer: string) => trained(cluster, trainer, Dataset.range(1000));
  assertEquals(await make("first").toArray(), numbers(1000));
  const late = await make("late").toArray();
  assert(late.length > 0 && late.length < 1000);
  assertEquals(late, numbers(1000).slice(-late.length));
});

Deno.test("6.4-15 the third pass over one dataset object is refused", async () => {
  await using cluster = await startCluster();
  const dataset = trained(cluster, "Trainer 1", endless());
  await take(dataset, 10);
  await take(dataset, 10);
  await assertRejects(
    () => take(dataset, 10),
    InvalidArgumentError,
    "requires infinite datasets and disallows multiple repetitions of the same dataset",
  );
});

Deno.test("6.4-16 testMultipleIterationsForOneDatasetGraphMode", async () => {
  await using cluster = await startCluster();
  const read: Set<number>[] = [];
  for (const trainer of ["Trainer 1", "Trainer 2"]) {
    // A dataset made anew is what a session of the reference begins with.
    const parts: number[][] = [];
    for (let i = 0; i < 3; i++) parts.push(await take(trained(cluster, trainer, endless()), 10));
    read.push(new Set(parts.flat()));
  }
  assertEquals(read.map(({ size }) => size), [30, 30]);
  assert(read[0].intersection(read[1]).size > 0);
});

Deno.test("6.4-17 testDisallowCoordinatedRead", async () => {
  await using cluster = await startCluster();
  assertThrows(
    () => trained(cluster, "Trainer 1", endless(), { consumerIndex: 0, numConsumers: 1 }),
    InvalidArgumentError,
    "Cross-trainer caching does not support coordinated reads",
  );
});

Deno.test("6.4-18 testNamedJobMismatch", async () => {
  await using cluster = await startCluster();
  await take(trained(cluster, "Trainer 1", endless()), 10);
  await assertRejects(
    () => take(endless().apply(cluster.distribute({ jobName: "job" })), 10),
    InvalidArgumentError,
    "Existing cross-trainer cache: <enabled>; got <disabled>",
  );
});

Deno.test("6.4-19 a trainer has a name", () => {
  for (const id of ["", undefined, null, 7]) {
    assertThrows(() => new CrossTrainerCache(id as string), InvalidArgumentError, "non-empty trainer ID");
  }
});

Deno.test("6.4 readers of one trainer share its position: each element goes to one of them", async () => {
  await using cluster = await startCluster();
  const make = () => trained(cluster, "Trainer", Dataset.range(200_000));
  const parts = await Promise.all([make().toArray(), make().toArray()]);
  assertEquals(sorted(parts.flat()), numbers(200_000));
});

Deno.test("6.4 an element that is larger than the cache is refused by its size, and reading goes on", async () => {
  await using cluster = await small(1000);
  const dataset = Dataset.range(10).repeat().map((x) => new Uint8Array(x === 3 ? 5000 : 500).fill(x));
  await assertRejects(
    () => take(trained(cluster, "Trainer 1", dataset), 10),
    InvalidArgumentError,
    "element size is larger than cache size in bytes",
  );
  const read = await take(trained(cluster, "Trainer 2", dataset), 2);
  assertEquals(read.map(({ byteLength }) => byteLength), [500, 500]);
});

Deno.test("6.4 an error of the pipeline is one trainer's, and no other sees it", async () => {
  await using cluster = await small(100);
  const make = (trainer: string) =>
    trained(
      cluster,
      trainer,
      Dataset.range(1000).map((x) => {
        if (x === 5) throw new RangeError("five is out");
        return x;
      }),
    );
  await assertRejects(() => make("1").toArray(), InternalError, "five is out");
  const read = await make("2").toArray();
  assertEquals(read.includes(5), false);
  assertEquals(read, sorted(read));
  assertEquals(read.at(-1), 999);
});
