/** Checkpoints of readers through services that come and go. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Checkpoint,
  Dataset,
  type DatasetReader,
  FailedPreconditionError,
  InvalidArgumentError,
  ShardingPolicy,
} from "../../mod.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";

const COUNT = 600;
const ALL = Array.from({ length: 2 * COUNT }, (_, i) => i);

/** Batches of expanded and shuffled elements, dynamically sharded. */
function batches(cluster: Cluster, jobName?: string): Dataset<Float64Array> {
  return Dataset.range(COUNT).shuffle(50).flatMap((x) => [2 * x, 2 * x + 1]).batch(3)
    .apply(cluster.distribute({
      processingMode: ShardingPolicy.DYNAMIC,
      guarantee: "exactly-once",
      ...(jobName && { jobName }),
    }));
}

async function take(reader: DatasetReader<Float64Array>, count: number): Promise<number[]> {
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    const { value, done } = await reader.next();
    if (!done) numbers.push(...value);
  }
  return numbers;
}

async function drain(reader: AsyncIterable<Float64Array>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const batch of reader) numbers.push(...batch);
  return numbers;
}

const saved = (checkpoint: Checkpoint) => JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
const sorted = (...numbers: number[][]) => numbers.flat().sort((a, b) => a - b);

Deno.test("a new service that knows nothing gives exactly what was not taken before", async () => {
  let taken: number[];
  let checkpoint: Checkpoint;
  {
    await using cluster = await startCluster({ workers: 2 });
    const reader = batches(cluster).reader();
    taken = await take(reader, 100);
    checkpoint = saved(await reader.checkpoint());
    await take(reader, 20); // Behind the checkpoint: given again.
    await reader.return();
  }
  assert(JSON.stringify(checkpoint).length < 2_000, "a checkpoint is small");
  await using cluster = await startCluster({ workers: 3 });
  const rest = await drain(batches(cluster).reader({ checkpoint }));
  assertEquals(sorted(taken, rest), ALL);
  assertEquals(cluster.dispatcher.status().jobs[0].guarantee, "exactly-once");
});

Deno.test("a reader goes on on the same service while the first one still reads", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = batches(cluster);
  await using reader = dataset.reader();
  const taken = await take(reader, 90);
  const checkpoint = saved(await reader.checkpoint());
  await take(reader, 30);
  assertEquals(sorted(taken, await drain(dataset.reader({ checkpoint }))), ALL);
});

Deno.test("checkpoints go on from checkpoints, and the last one has nothing left", async () => {
  await using cluster = await startCluster({ workers: 2 });
  let checkpoint: Checkpoint | undefined;
  const taken: number[] = [];
  for (let part = 0; part < 4; part++) {
    const reader = batches(cluster).reader({ ...(checkpoint && { checkpoint }) });
    taken.push(...await take(reader, 70));
    checkpoint = saved(await reader.checkpoint());
    await reader.return();
  }
  const last = batches(cluster).reader({ checkpoint: checkpoint! });
  taken.push(...await drain(last));
  assertEquals(sorted(taken), ALL);
  const end = saved(await last.checkpoint());
  assertEquals(await drain(batches(cluster).reader({ checkpoint: end })), []);
});

Deno.test("the successor of one reader of a shared job gets what that reader had behind its checkpoint", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const a = batches(cluster, "shared").reader();
  const b = batches(cluster, "shared").reader();
  const [takenA, takenB] = await Promise.all([take(a, 60), take(b, 60)]);
  const checkpoint = saved(await a.checkpoint());
  await take(a, 40);
  await a.return();
  const successor = batches(cluster, "shared").reader({ checkpoint });
  const rests = await Promise.all([drain(successor), drain(b)]);
  assertEquals(sorted(takenA, takenB, ...rests), ALL);
});

Deno.test("all readers of a shared job go on on a new service", async () => {
  let taken: number[][];
  let checkpoints: Checkpoint[];
  {
    await using cluster = await startCluster({ workers: 2 });
    const readers = [1, 2].map(() => batches(cluster, "shared").reader());
    taken = await Promise.all(readers.map((reader) => take(reader, 60)));
    // A heartbeat later each knows of the other.
    while ((await readers[0].checkpoint()).services[0].place.readers < 2) {
      taken[0].push(...await take(readers[0], 1));
    }
    checkpoints = await Promise.all(readers.map(async (reader) => saved(await reader.checkpoint())));
    await Promise.all(readers.map((reader) => reader.return()));
  }
  await using cluster = await startCluster({ workers: 2 });
  const rests = await Promise.all(
    checkpoints.map((checkpoint) => drain(batches(cluster, "shared").reader({ checkpoint }))),
  );
  assertEquals(sorted(...taken, ...rests), ALL);
});

Deno.test("chance in the datasets of user functions is the same on the next worker", async () => {
  const nested = Dataset.range(20).flatMap((x, { Dataset }) =>
    Dataset.range(30 * x, 30 * x + 30).shuffle(30).batch(4).unbatch()
  );
  const whole = Array.from({ length: COUNT }, (_, i) => i);
  for (const processingMode of [ShardingPolicy.DYNAMIC, ShardingPolicy.OFF]) {
    let checkpoint: Checkpoint;
    const given: number[] = [];
    {
      await using cluster = await startCluster();
      const reader = nested.apply(cluster.distribute({ processingMode })).reader();
      while (given.length < 100) given.push((await reader.next()).value);
      checkpoint = saved(await reader.checkpoint());
      await reader.return();
    }
    await using cluster = await startCluster();
    const reader = nested.apply(cluster.distribute({ processingMode })).reader({ checkpoint });
    for await (const x of reader) given.push(x);
    assertEquals(sorted(given), whole);
  }
});

Deno.test("without sharding one worker goes on at the position", async () => {
  await using cluster = await startCluster();
  const dataset = () =>
    Dataset.range(300).shuffle(30, { seed: 7 }).map((x) => x + 1).apply(cluster.distribute());
  const whole = await dataset().toArray();
  const reader = dataset().reader();
  for (let i = 0; i < 123; i++) await reader.next();
  const checkpoint = saved(await reader.checkpoint());
  await reader.return();
  const rest: number[] = [];
  for await (const x of dataset().reader({ checkpoint })) rest.push(x);
  assertEquals(rest, whole.slice(123));

  await cluster.addWorker();
  const refused = dataset().reader({ checkpoint });
  await assertRejects(() => refused.next(), FailedPreconditionError, "2");
});

Deno.test("what cannot be kept is refused with the reason", async () => {
  await using cluster = await startCluster();
  const read = (dataset: Dataset<number>, options = {}) =>
    dataset.apply(cluster.distribute(options)).reader();
  const { OFF, DYNAMIC, FILE } = ShardingPolicy;
  const cases: [DatasetReader<number>, string][] = [
    [
      read(Dataset.range(9).shuffle(3), { processingMode: OFF }),
      "`shuffle` is in the way, because it has no seed",
    ],
    [
      read(Dataset.range(9), { processingMode: OFF, jobName: "x" }),
      "readers of a named job divide the elements",
    ],
    [read(Dataset.range(9), { processingMode: FILE }), "sharding policy FILE"],
    [
      read(Dataset.range(9).scan(0, (sum, x) => [sum + x, sum]), { processingMode: DYNAMIC }),
      "`scan` is in the way, because each worker has a state of its own",
    ],
    [
      read(Dataset.range(9).repeat(), { jobName: "y", consumerIndex: 0, numConsumers: 1 }),
      "the consumers of a coordinated read advance together",
    ],
  ];
  for (const [reader, words] of cases) {
    await assertRejects(() => reader.checkpoint(), FailedPreconditionError, words);
    await reader.return();
  }
});

Deno.test("a checkpoint of another sharding policy is refused", async () => {
  await using cluster = await startCluster();
  const read = (processingMode: ShardingPolicy) =>
    Dataset.range(9).apply(cluster.distribute({ processingMode }));
  const reader = read(ShardingPolicy.DYNAMIC).reader();
  await reader.next();
  const checkpoint = saved(await reader.checkpoint());
  await reader.return();
  const other = read(ShardingPolicy.OFF).reader({ checkpoint });
  await assertRejects(
    () => other.next(),
    InvalidArgumentError,
    "it was made with sharding policy DYNAMIC, and this is OFF",
  );
});
