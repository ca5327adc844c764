import { assertEquals, assertRejects } from "@std/assert";
import { Dataset, fromDatasetId, InvalidArgumentError, registerDataset, ShardingPolicy } from "../../mod.ts";
import { startCluster } from "../support/cluster.ts";
import { numbers, sorted } from "../support/numbers.ts";

const { OFF, DYNAMIC } = ShardingPolicy;

Deno.test("hundreds of jobs at a time each get their own elements", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const read = await Promise.all(
    numbers(100).map((job) => {
      const processingMode = job % 2 === 0 ? OFF : DYNAMIC;
      const jobName = job % 3 === 0 ? `job ${job}` : undefined;
      const options = { processingMode, jobName, taskRefreshIntervalMs: 1_000 };
      const dataset = Dataset.range(job, job + 5).apply(cluster.distribute(options));
      return dataset.toArray();
    }),
  );
  for (const [job, elements] of read.entries()) {
    const expected = numbers(5).flatMap((x) => job % 2 === 0 ? [job + x, job + x] : [job + x]);
    assertEquals(sorted(elements), expected);
  }
  assertEquals(cluster.dispatcher.status().clients, []);
});

Deno.test("hundreds of datasets are registered and read by their ids", async () => {
  await using cluster = await startCluster();
  const { service } = cluster;
  const ids = await Promise.all(
    numbers(300).map((i) => registerDataset(service, Dataset.range(i, i + 3), { datasetId: `dataset ${i}` })),
  );
  assertEquals(cluster.dispatcher.status().datasets.length, 300);
  for (const i of [0, 7, 150, 299]) {
    const dataset = fromDatasetId({ datasetId: ids[i], processingMode: OFF, service });
    assertEquals(await dataset.toArray(), [i, i + 1, i + 2]);
  }
});

Deno.test("records of a thousand fields come through", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(20).map((x) =>
    Object.fromEntries(
      Array.from({ length: 1000 }, (_, field) => [`field ${field}`, field % 2 ? x + field : `${x} ${field}`]),
    )
  );
  const read = await dataset.apply(cluster.distribute()).toArray();
  assertEquals(read.length, 20);
  for (const [x, record] of read.entries()) {
    assertEquals(Object.keys(record).length, 1000);
    assertEquals([record["field 998"], record["field 999"]], [`${x} 998`, x + 999]);
  }
});

Deno.test("a pipeline of five hundred operators runs on a worker", async () => {
  await using cluster = await startCluster();
  let dataset = Dataset.range(10);
  for (let i = 0; i < 500; i++) dataset = dataset.map((x) => x + 1);
  assertEquals(await dataset.apply(cluster.distribute()).toArray(), numbers(10).map((x) => x + 500));
});

Deno.test("a pipeline deeper than the limit is refused with the limit", async () => {
  await using cluster = await startCluster();
  let dataset = Dataset.range(10);
  for (let i = 0; i < 1_100; i++) dataset = dataset.skip(0);
  await assertRejects(
    () => dataset.apply(cluster.distribute()).toArray(),
    InvalidArgumentError,
    "1000",
  );
});

Deno.test("strings of ten megabytes come through, compressed or not", async () => {
  await using cluster = await startCluster();
  for (const compression of [null, "ZSTD"] as const) {
    const dataset = Dataset.range(2).map((x) => `${x}é`.repeat(5_000_000));
    let next = 0;
    for await (const text of dataset.apply(cluster.distribute({ compression }))) {
      assertEquals([text.length, text.slice(0, 4), text.slice(-2)], [
        10_000_000,
        `${next}é${next}é`,
        `${next}é`,
      ]);
      next++;
    }
    assertEquals(next, 2);
  }
});

Deno.test("empty datasets end at once, whatever makes them empty", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const empty: Dataset<unknown>[] = [
    Dataset.range(0),
    Dataset.fromArray([]),
    Dataset.range(10).filter(() => false),
    Dataset.range(10).take(0),
    Dataset.range(10).skip(10),
    Dataset.range(3).flatMap(() => []),
    Dataset.range(0).repeat(),
    Dataset.range(0).batch(3),
    Dataset.zip(Dataset.range(0), Dataset.range(10).repeat()),
  ];
  for (const dataset of empty) {
    for (const processingMode of [OFF, DYNAMIC]) {
      assertEquals(await dataset.apply(cluster.distribute({ processingMode })).toArray(), []);
    }
  }
});

Deno.test("one element of two hundred megabytes comes through whole", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(1).map(() => {
    const bytes = new Uint8Array(200_000_000);
    bytes[0] = 1;
    bytes[199_999_999] = 2;
    return { bytes };
  });
  const [{ bytes }] = await dataset.apply(cluster.distribute()).toArray();
  assertEquals([bytes.length, bytes[0], bytes[100_000_000], bytes[199_999_999]], [200_000_000, 1, 0, 2]);
});
