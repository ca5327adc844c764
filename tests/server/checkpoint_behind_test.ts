/** Checkpoints of pipelines whose operators behind `distribute()` hold, count, drop and reorder elements. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Checkpoint, Dataset, ShardingPolicy } from "../../mod.ts";
import {
  COUNTING,
  countsOf,
  GROUPING,
  KEEPING,
  type Nested,
  SIFTING,
  type Step,
} from "../support/behind_distribute.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";

const COUNT = 40;

function read(cluster: Cluster, steps: readonly Step[]): Dataset<Nested> {
  const dataset = Dataset.range(COUNT).shuffle(9)
    .apply(cluster.distribute({ processingMode: ShardingPolicy.DYNAMIC })) as Dataset<Nested>;
  return steps.reduce((below, { apply }) => apply(below), dataset);
}

/** Reads in parts, each on the next of the services, by way of a checkpoint that has been text. */
async function readInParts(
  clusters: readonly Cluster[],
  steps: readonly Step[],
  parts: readonly number[],
): Promise<Nested[]> {
  const given: Nested[] = [];
  let checkpoint: Checkpoint | undefined;
  for (const [i, count] of [...parts, Infinity].entries()) {
    const dataset = read(clusters[i % clusters.length], steps);
    const reader = dataset.reader({ ...(checkpoint && { checkpoint }) });
    for (let next = 0; next < count; next++) {
      const { done, value } = await reader.next();
      if (done) break;
      given.push(value);
    }
    checkpoint = JSON.parse(JSON.stringify(await reader.checkpoint())) as Checkpoint;
    await reader.next(); // Behind the checkpoint: given again.
    await reader.return();
  }
  const last = read(clusters[0], steps).reader({ checkpoint: checkpoint! });
  assertEquals(await last.next(), { done: true, value: undefined }, "nothing is left at the end");
  return given;
}

Deno.test("whatever stands behind `distribute`, the rest is exactly what was not taken", async () => {
  await using first = await startCluster({ workers: 2 });
  await using second = await startCluster({ workers: 1 });
  const steps = fc.tuple(
    fc.array(SIFTING, { maxLength: 1 }),
    fc.array(fc.oneof({ weight: 8, arbitrary: KEEPING }, GROUPING), { maxLength: 4 }),
  );
  const parts = fc.array(fc.nat(12), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, parts, async ([sifting, keeping], parts) => {
      const all = [...sifting, ...keeping];
      const whole = await read(first, all).toArray();
      const given = await readInParts([first, second], all, parts);
      assertEquals(countsOf(given), countsOf(whole), all.map(({ name }) => name).join(", "));
    }),
    { numRuns: 12 },
  );
});

Deno.test("operators that count behind `distribute` give as many as they would have, and nothing twice", async () => {
  await using first = await startCluster({ workers: 1 });
  await using second = await startCluster({ workers: 2 });
  const steps = fc.tuple(
    fc.tuple(fc.array(SIFTING, { maxLength: 1 }), fc.array(KEEPING, { maxLength: 1 })).map((all) =>
      all.flat()
    ),
    fc.array(COUNTING, { minLength: 1, maxLength: 2 }),
    fc.array(KEEPING, { maxLength: 2 }),
  );
  const parts = fc.array(fc.nat(9), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, parts, async ([before, counting, behind], parts) => {
      const all = [...before, ...counting, ...behind];
      const names = all.map(({ name }) => name).join(", ");
      const most = countsOf(await read(first, [...before, ...behind]).toArray());
      const whole = await read(first, all).toArray();
      const given = await readInParts([first, second], all, parts);
      assertEquals(given.length, whole.length, names);
      for (const [leaf, times] of countsOf(given)) {
        if (leaf < 5_000) assert(times <= (most.get(leaf) ?? 0), `${leaf} comes ${times} times: ${names}`);
      }
    }),
    { numRuns: 12 },
  );
});

Deno.test("without sharding the pipeline behind `distribute` goes on where it stood, whatever it does", async () => {
  await using first = await startCluster();
  await using second = await startCluster();
  const pipelines: ((dataset: Dataset<number>) => Dataset<unknown>)[] = [
    (d) => d.batch(4).map((x) => x, { parallel: 3 }).prefetch(2),
    (d) => d.shuffle(10).repeat(2).take(50),
    (d) => d.scan(0, (sum, x) => [sum + x, sum + x]).window(3).flatMap((w) => w),
    (d) => d.filter((x) => x % 3 > 0).enumerate().cache(),
    (d) => Dataset.zip(d.skip(5), d.takeWhile((x) => x < 20)),
  ];
  for (const [i, behind] of pipelines.entries()) {
    const make = (cluster: Cluster) => behind(Dataset.range(40).apply(cluster.distribute()));
    const reader = make(first).reader();
    const given: unknown[] = [];
    for (let taken = 0; taken < 5; taken++) given.push((await reader.next()).value);
    let checkpoint = await reader.checkpoint();
    const rest: unknown[] = [];
    for await (const x of reader) rest.push(x);
    // Twice: a reader that went on has a checkpoint, too.
    const next = make(second).reader({ checkpoint: JSON.parse(JSON.stringify(checkpoint)) });
    for (let taken = 0; taken < 3; taken++) assertEquals((await next.next()).value, rest.shift(), `${i}`);
    checkpoint = await next.checkpoint();
    await next.return();
    const last: unknown[] = [];
    for await (const x of make(first).reader({ checkpoint })) last.push(x);
    assertEquals(last, rest, `${i}`);
  }
});

Deno.test("what a batch had gathered when its input failed, or the reader left, is given again", async () => {
  await using cluster = await startCluster();
  for (const processingMode of [ShardingPolicy.DYNAMIC, ShardingPolicy.OFF]) {
    const make = (isBroken: boolean) =>
      Dataset.range(20).apply(cluster.distribute({ processingMode }))
        .map((x, { captures }) => {
          if (captures && x === 9) throw new Error("no 9");
          return x;
        }, { captures: isBroken }).batch(4);
    const reader = make(true).reader();
    const given = [...(await reader.next()).value!, ...(await reader.next()).value!];
    await assertRejects(() => reader.next(), Error, "no 9");
    for await (const batch of make(false).reader({ checkpoint: await reader.checkpoint() })) {
      given.push(...batch);
    }
    assertEquals(given.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
  }
});

Deno.test("elements that a buffer holds at the end of the service are given by the next reader", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(30)
    .apply(cluster.distribute<number>({ processingMode: ShardingPolicy.DYNAMIC, jobName: "held" })).shuffle(
      30,
    );
  const reader = dataset.reader();
  const given = [(await reader.next()).value, (await reader.next()).value];
  const checkpoint = await reader.checkpoint();
  assertEquals(checkpoint.services.map(({ place }) => place.finished), [false]);
  await reader.return();
  for await (const x of dataset.reader({ checkpoint })) given.push(x);
  assertEquals(given.sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i));
});

Deno.test("behind a checkpoint of the end the next pass over the dataset is the next one of its job", async () => {
  await using cluster = await startCluster();
  const make = () =>
    Dataset.range(20).apply(
      cluster.distribute<number>({ processingMode: ShardingPolicy.DYNAMIC, jobName: "epochs" }),
    ).filter((x) => x >= 0);
  const reader = make().reader();
  while (!(await reader.next()).done);
  const checkpoint = await reader.checkpoint();
  assertEquals(checkpoint.finished, true);
  const dataset = make();
  assertEquals(await dataset.reader({ checkpoint }).next(), { done: true, value: undefined });
  assertEquals((await dataset.toArray()).length, 20);
});

Deno.test("several services in one pipeline, and passes without end, go on where each stood", async () => {
  await using first = await startCluster({ workers: 1 });
  await using second = await startCluster({ workers: 1 });
  const numbers = (from: number) => Dataset.range(from, from + 30);
  const { DYNAMIC, OFF } = ShardingPolicy;
  const make = ({ distribute }: { distribute: (from: number, mode: ShardingPolicy) => Dataset<number> }) =>
    [
      Dataset.sampleFromDatasets([distribute(0, DYNAMIC), distribute(100, DYNAMIC), distribute(200, OFF)])
        .shuffle(9),
      Dataset.zip(distribute(0, DYNAMIC).shuffle(5), distribute(100, DYNAMIC).prefetch(3)).shuffle(4),
      distribute(0, DYNAMIC).concatenate(distribute(100, DYNAMIC)).batch(7).prefetch(1),
      distribute(0, DYNAMIC).repeat().take(90).shuffle(12),
    ] as Dataset<Nested>[];
  const on = (cluster: Cluster) =>
    make({
      distribute: (from, processingMode) => numbers(from).apply(cluster.distribute({ processingMode })),
    });
  for (const [i, dataset] of on(first).entries()) {
    const given: Nested[] = [];
    let checkpoint: Checkpoint | undefined;
    for (const [part, cluster] of [first, second, first].entries()) {
      const reader = (part === 0 ? dataset : on(cluster)[i]).reader({ ...(checkpoint && { checkpoint }) });
      for (let most = part === 2 ? Infinity : 7; most > 0; most--) {
        const { done, value } = await reader.next();
        if (done) break;
        given.push(value);
      }
      checkpoint = JSON.parse(JSON.stringify(await reader.checkpoint())) as Checkpoint;
      await reader.return();
    }
    const counts = countsOf(given.map((x) => ArrayBuffer.isView(x) ? [...x as Iterable<number>] : x));
    const each = i === 3 ? 3 : 1;
    assertEquals(
      [...counts.values()].every((times) => times === each),
      true,
      `${i}: ${JSON.stringify([...counts])}`,
    );
    assertEquals(counts.size, [90, 60, 60, 30][i], `${i}`);
  }
});
