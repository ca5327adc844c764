import { assertEquals } from "@std/assert";
import {
  Dataset,
  fromDatasetId,
  INFINITE_CARDINALITY,
  registerDataset,
  SHARD_HINT,
  ShardingPolicy,
  UNKNOWN_CARDINALITY,
} from "../../mod.ts";
import { fetchMetadata } from "../../src/client/mod.ts";
import { systemClock, systemRandom } from "../../src/base/mod.ts";
import { startCluster } from "../support/cluster.ts";

const { OFF, DYNAMIC, DATA, FILE_OR_DATA, HINT } = ShardingPolicy;
const endless = () => Dataset.range(10).repeat();

const CASES: [string, () => Dataset<number>, ShardingPolicy, number][] = [
  ["an infinite dataset, OFF", endless, OFF, INFINITE_CARDINALITY],
  ["an infinite dataset, DYNAMIC", endless, DYNAMIC, INFINITE_CARDINALITY],
  ["an infinite dataset, DATA", endless, DATA, INFINITE_CARDINALITY],
  ["an empty dataset, OFF", () => Dataset.range(0), OFF, 0],
  ["an empty dataset, DYNAMIC", () => Dataset.range(0), DYNAMIC, 0],
  ["an empty dataset, DATA", () => Dataset.range(0), DATA, 0],
  ["an empty dataset, FILE_OR_DATA", () => Dataset.range(0), FILE_OR_DATA, 0],
  [
    "an empty dataset with a hint",
    () => Dataset.range(0).shard(SHARD_HINT, SHARD_HINT),
    HINT,
    UNKNOWN_CARDINALITY,
  ],
  ["a finite dataset, OFF", () => Dataset.range(10), OFF, UNKNOWN_CARDINALITY],
  ["an infinite dataset, FILE_OR_DATA", endless, FILE_OR_DATA, UNKNOWN_CARDINALITY],
  [
    "an infinite dataset with a hint",
    () => endless().shard(SHARD_HINT, SHARD_HINT),
    HINT,
    UNKNOWN_CARDINALITY,
  ],
];

for (const [title, dataset, processingMode, expected] of CASES) {
  Deno.test(`6.15-1 testCardinality: ${title}`, async () => {
    await using cluster = await startCluster({ workers: 0 });
    assertEquals(dataset().apply(cluster.distribute({ processingMode })).cardinality, expected);
  });
}

Deno.test("6.15-2 testFromDatasetIdCardinality: known to the service, not to a dataset that has asked nobody", async () => {
  await using cluster = await startCluster({ workers: 0 });
  const { service } = cluster;
  const environment = { clock: systemClock, random: systemRandom, log: { info() {}, warn() {}, error() {} } };
  for (const [, dataset, processingMode] of CASES) {
    const datasetId = await registerDataset(service, dataset());
    const { cardinality } = await fetchMetadata(service, datasetId, { environment });
    assertEquals(cardinality, dataset().cardinality);
    assertEquals(fromDatasetId({ datasetId, processingMode, service }).cardinality, UNKNOWN_CARDINALITY);
  }
});

for (const compression of [null, "AUTO", "GZIP"] as const) {
  Deno.test(`6.15-6 testFromDatasetIdOmitsCompression: ${compression}`, async () => {
    await using cluster = await startCluster();
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    const dataset = Dataset.fromArray(letters).map((letter) => letter.toUpperCase());
    const datasetId = await registerDataset(cluster.service, dataset, { compression });
    const reading = fromDatasetId<string>({ datasetId, processingMode: OFF, service: cluster.service });
    assertEquals((await reading.toArray()).join(""), letters.join("").toUpperCase());
  });
}
