import { assert, assertEquals, assertRejects } from "@std/assert";
import { Dataset, type DistributeOptions, ShardingPolicy, SluiceError } from "../../mod.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { copies, numbers, sorted } from "../support/numbers.ts";

function shared<T>(
  cluster: Cluster,
  dataset: Dataset<T>,
  options: Partial<DistributeOptions> = {},
): Dataset<T> {
  const processingMode = ShardingPolicy.DYNAMIC;
  return dataset.apply(cluster.distribute({ processingMode, jobName: "job_name", ...options }));
}

Deno.test("6.7-1 testBasic", async () => {
  await using cluster = await startCluster({ workers: 2 });
  assertEquals(sorted(await shared(cluster, Dataset.range(100)).toArray()), numbers(100));
  const [{ processingMode, guarantee }] = cluster.dispatcher.status().jobs;
  assertEquals({ processingMode, guarantee }, { processingMode: "DYNAMIC", guarantee: "exactly-once" });
});

Deno.test("6.7-2 testNoJobName", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = shared(cluster, Dataset.range(100), { jobName: undefined });
  assertEquals(sorted(await dataset.toArray()), numbers(100));
});

Deno.test("6.7-3 a dataset of files' records is divided by files", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const files = numbers(10).map((file) => `data:,${numbers(10).map((line) => file * 10 + line).join("%0A")}`);
  const lines = await shared(cluster, Dataset.textLines(Dataset.fromArray(files))).toArray();
  assertEquals(sorted(lines.map(Number)), numbers(100));
});

Deno.test("6.7-4 testInterleave", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.fromTensorSlices([1, 5, 0]).interleave((x, { Dataset }) => Dataset.fromArray([x]));
  assertEquals(sorted(await shared(cluster, dataset).toArray()), [0, 1, 5]);
});

Deno.test("6.7-5 testParallelInterleave", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.fromTensorSlices([1, 5, 0])
    .interleave((x, { Dataset }) => Dataset.fromArray([x]), { parallel: 4 });
  assertEquals(sorted(await shared(cluster, dataset).toArray()), [0, 1, 5]);
});

Deno.test("6.7-6 testFlatMap", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.fromTensorSlices([1, 5, 0]).flatMap((x, { Dataset }) => Dataset.fromArray([x]));
  assertEquals(sorted(await shared(cluster, dataset).toArray()), [0, 1, 5]);
});

Deno.test("6.7-7 what one element becomes comes from one worker", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(100).flatMap((x) => [x, x + 0.25, x + 0.5]);
  const expected = numbers(100).flatMap((x) => [x, x + 0.25, x + 0.5]);
  assertEquals(sorted(await shared(cluster, dataset).toArray()), expected);
});

Deno.test("6.7-8 testRepeatBeforeDistribution", async () => {
  await using cluster = await startCluster({ workers: 2 });
  assertEquals(sorted(await shared(cluster, Dataset.range(20).repeat(5)).toArray()), copies(5, 20));
});

Deno.test("6.7-9 testRepeatAfterDistribution", async () => {
  await using cluster = await startCluster({ workers: 2 });
  assertEquals(sorted(await shared(cluster, Dataset.range(20)).repeat(5).toArray()), copies(5, 20));
});

Deno.test("6.7-10 testForeverRepeat", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const counts = new Map<number, number>();
  for (const x of await shared(cluster, Dataset.range(20).repeat()).take(1000).toArray()) {
    counts.set(x, (counts.get(x) ?? 0) + 1);
  }
  assertEquals(counts.size, 20);
  for (const [x, count] of counts) assert(count > 25, `${x} came ${count} times`);
});

Deno.test("6.7-11 testForeverRepeatFewElements: a worker without elements in one pass goes on to the next", async () => {
  await using cluster = await startCluster({ workers: 5 });
  const read = await shared(cluster, Dataset.range(1).repeat()).take(100).toArray();
  assertEquals(read, Array(100).fill(0));
});

Deno.test("6.7-12 testShuffleAndRepeat", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(20).shuffle(20).repeat(5);
  assertEquals(sorted(await shared(cluster, dataset).toArray()), copies(5, 20));
});

Deno.test("6.7-13 testZip", async () => {
  await using cluster = await startCluster();
  const a = Dataset.range(100);
  const pairs = await shared(cluster, Dataset.zip(a, a)).toArray();
  assertEquals(pairs, numbers(100).map((x) => [x, x]));
});

Deno.test("6.7-14 testNestedZip", async () => {
  await using cluster = await startCluster();
  const a = Dataset.range(100);
  const nested = await shared(cluster, Dataset.zip(a, a, Dataset.zip(a, a), a)).toArray();
  assertEquals(nested, numbers(100).map((x) => [x, x, [x, x], x]));
});

Deno.test("6.7-15 testImbalancedZip", async () => {
  await using cluster = await startCluster();
  const pairs = await shared(cluster, Dataset.zip(Dataset.range(200), Dataset.range(100))).toArray();
  assertEquals(pairs, numbers(100).map((x) => [x, x]));
});

Deno.test("6.7-16 testImbalancedZipAndRepeat", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.zip(Dataset.range(200), Dataset.range(300)).repeat(3);
  const expected = numbers(3).flatMap(() => numbers(200).map((x) => [x, x]));
  assertEquals(await shared(cluster, dataset).toArray(), expected);
});

Deno.test("6.7-17 testImbalancedZipMultiWorker", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const pairs = await shared(cluster, Dataset.zip(Dataset.range(200), Dataset.range(400))).toArray();
  assertEquals(new Set(pairs.map(([x]) => x)).size, pairs.length);
  assertEquals(new Set(pairs.map(([, y]) => y)).size, pairs.length);
  assertEquals(pairs.length, 200);
});

Deno.test("6.7-18 testZipDifferentRates", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const dataset = Dataset.zip(Dataset.range(100), Dataset.range(100).filter((x) => x % 10 === 0));
  assertEquals((await shared(cluster, dataset).toArray()).length, 10);
});

Deno.test("6.7-19 testConcatenate", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const dataset = Dataset.range(100).concatenate(Dataset.range(100, 300));
  assertEquals(sorted(await shared(cluster, dataset).toArray()), numbers(300));
});

Deno.test("6.7-20 testSampleFromDatasets", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const constants = [0, 1, 2].map((x) => Dataset.fromArray([x]).repeat());
  const dataset = Dataset.sampleFromDatasets(constants, { weights: [0.6, 0.3, 0.1], seed: 42 });
  const counts = [0, 0, 0];
  for (const x of await shared(cluster, dataset).take(200).toArray()) counts[x]++;
  assert(counts[0] > counts[1] && counts[1] > counts[2], String(counts));
});

for (const workers of [1, 3]) {
  Deno.test(`6.7-21 testChooseFromDatasets: ${workers} workers`, async () => {
    await using cluster = await startCluster({ workers });
    const words = ["foo", "bar", "baz"];
    const choices = [1, 2, 0, 0, 2, 1, 1, 0, 2, 2, 0, 1, 0, 0, 1];
    const dataset = Dataset.chooseFromDatasets(
      words.map((word) => Dataset.fromArray([word]).repeat()),
      Dataset.fromArray(choices),
    );
    const read = await shared(cluster, dataset).toArray();
    const expected = choices.map((choice) => words[choice]);
    if (workers === 1) assertEquals(read, expected);
    else assertEquals(read.sort(), [...expected, ...expected, ...expected].sort());
  });
}

Deno.test("6.7-22 testEnumerateReplicateOnSplit", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const dataset = Dataset.fromTensorSlices(["a", "b", "c"]).repeat().enumerate();
  const counts = new Map<number, number>();
  const reader = shared(cluster, dataset, { maxOutstandingRequests: 3 }).reader();
  while ((counts.get(10) ?? 0) < 3) {
    const { value: [index] } = await reader.next();
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  await reader.return();
  for (let index = 0; index < 10; index++) assertEquals(counts.get(index), 3);
});

Deno.test("6.7-23 workers that have nothing to read end with the others", async () => {
  await using cluster = await startCluster({ workers: 5 });
  assertEquals(await shared(cluster, Dataset.fromArray(["only"])).toArray(), ["only"]);
  assertEquals(await shared(cluster, Dataset.range(0), { jobName: "empty" }).toArray(), []);
});

Deno.test("6.7-25 testDistributedDataset", async () => {
  await using first = await startCluster();
  await using second = await startCluster();
  const dataset = Dataset.range(10).apply(first.distribute()).map((x) => x + 1);
  const error = await assertRejects(
    () => shared(second, dataset).toArray(),
    SluiceError,
    "Cannot create split providers for dataset of type DataServiceDataset",
  );
  assertEquals(error.code, "unimplemented");
});

Deno.test("6.7-26 testDistributedEpoch", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = shared(cluster, Dataset.range(100), { processingMode: "distributed_epoch" });
  assertEquals(sorted(await dataset.toArray()), numbers(100));
});

Deno.test("6.7-27 an iteration's splits are its own: two jobs get everything each", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const read = await Promise.all(
    ["a", "b"].map((jobName) => shared(cluster, Dataset.range(1000), { jobName }).toArray()),
  );
  assertEquals(read.map(sorted), [numbers(1000), numbers(1000)]);
});

Deno.test("6.7-28 DynamicShardingFilesTest.testShuffleFiles", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const file of numbers(5)) {
      const lines = numbers(5).map((line) => `Record ${line} of file ${file}\n`);
      await Deno.writeTextFile(`${directory}/f${file}`, lines.join(""));
    }
    await using cluster = await startCluster({ workers: 3 });
    const dataset = Dataset.listFiles(`${directory}/f*`, { shuffle: true })
      .interleave((file, { Dataset }) => Dataset.textLines(file), { cycleLength: 5 });
    const read = await shared(cluster, dataset).toArray();
    const expected = numbers(5).flatMap((line) => numbers(5).map((file) => `Record ${line} of file ${file}`));
    assertEquals(read.sort(), expected);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
