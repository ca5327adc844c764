import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError } from "../../src/base/mod.ts";
import { type Checkpoint, Dataset, distribute } from "../../src/dataset/mod.ts";

/** What a reader gives from a checkpoint on that has been text in between. */
async function rest<T>(dataset: Dataset<T>, checkpoint: Checkpoint): Promise<T[]> {
  const elements: T[] = [];
  for await (const x of dataset.reader({ checkpoint: JSON.parse(JSON.stringify(checkpoint)) })) {
    elements.push(x);
  }
  return elements;
}

const PIPELINES: Record<string, () => Dataset<unknown>> = {
  "range": () => Dataset.range(20),
  "a shuffle without a seed": () => Dataset.range(40).shuffle(10).map((x) => x * 2),
  "several passes": () => Dataset.range(7).shuffle(7).repeat(3).batch(4),
  "expanded elements": () => Dataset.range(6).flatMap((x) => Array.from({ length: x }, (_, i) => x * 10 + i)),
  "state": () => Dataset.range(20).scan(0, (sum, x) => [sum + x, sum]).skip(2).take(9),
  "parallel calls in order": () =>
    Dataset.range(15).map((x) => Promise.resolve(x), { parallel: 3 }).prefetch(4),
  "chance without a seed": () => Dataset.random().take(12),
};

for (const [name, make] of Object.entries(PIPELINES)) {
  Deno.test(`a reader goes on at any element, in another dataset object too: ${name}`, async () => {
    const reader = make().reader();
    const checkpoints = [await reader.checkpoint()];
    const elements: unknown[] = [];
    for (let next = await reader.next(); !next.done; next = await reader.next()) {
      elements.push(next.value);
      checkpoints.push(await reader.checkpoint());
    }
    assertEquals(checkpoints.length, elements.length + 1);
    for (const [taken, checkpoint] of checkpoints.entries()) {
      assertEquals(await rest(make(), checkpoint), elements.slice(taken), `after ${taken}`);
    }
  });
}

Deno.test("a reader that goes on has checkpoints of its own", async () => {
  const dataset = Dataset.range(100).shuffle(20);
  const first = dataset.reader();
  const elements: number[] = [];
  for (let i = 0; i < 10; i++) elements.push((await first.next()).value);
  const second = dataset.reader({ checkpoint: await first.checkpoint() });
  for (let i = 0; i < 10; i++) elements.push((await second.next()).value);
  const all = [...elements, ...await rest(dataset, await second.checkpoint())];
  assertEquals(all.toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  await first.return();
  await second.return();
});

Deno.test("elements that were asked for before count as taken", async () => {
  const reader = Dataset.range(5).map((x) => Promise.resolve(x)).reader();
  const pulls = [reader.next(), reader.next()];
  const checkpoint = await reader.checkpoint();
  assertEquals(checkpoint.taken, 2);
  assertEquals((await Promise.all(pulls)).map(({ value }) => value), [0, 1]);
  await reader.return();
});

Deno.test("there is a checkpoint behind an error, of what was taken before it", async () => {
  const dataset = (broken: boolean) =>
    Dataset.range(6).map((x, { captures }) => {
      if (captures.broken && x === 3) throw new Error("no 3");
      return x;
    }, { captures: { broken } });
  const reader = dataset(true).reader();
  for (let i = 0; i < 3; i++) await reader.next();
  await assertRejects(() => reader.next(), Error, "no 3");
  assertEquals(await rest(dataset(false), await reader.checkpoint()), [3, 4, 5]);
});

Deno.test("functions of elements that are left out are not called where that shows in nothing", async () => {
  const dataset = (calls: number[]) => Dataset.range(10).map((x) => (calls.push(x), x));
  const reader = dataset([]).reader();
  for (let i = 0; i < 8; i++) await reader.next();
  const calls: number[] = [];
  assertEquals(await rest(dataset(calls), await reader.checkpoint()), [8, 9]);
  assertEquals(calls, [8, 9]);
  await reader.return();
});

Deno.test("an order that depends on what is quicker cannot be kept", async () => {
  const asReady = Dataset.range(5).map((x) => Promise.resolve(x), { parallel: 2, deterministic: false });
  const reader = asReady.reader();
  await reader.next();
  await assertRejects(() => reader.checkpoint(), FailedPreconditionError, "Cannot make a checkpoint: `map`");
  await reader.return();
});

const service = "http://localhost:1";
const range = Dataset.range(5);
const dynamic = range.apply(distribute({ processingMode: "distributed_epoch", service }));
const whole = range.apply(distribute({ processingMode: "parallel_epochs", service }));

/** Operators that are in the way where a dynamically sharded service is read below them, and why. */
const OBSTACLES: Record<string, [Dataset<unknown>, string]> = {
  "flatMap": [
    dynamic.prefetch(2).flatMap((x) => [x, x]),
    "it makes several elements of one that a service may",
  ],
  "interleave": [dynamic.interleave((x) => [x]), "it makes several elements of one"],
  "unbatch": [dynamic.batch(2).unbatch(), "it makes several elements of one"],
  "scan": [dynamic.scan(0, (sum, x) => [sum + x, sum]), "its state is made of the elements before"],
  "takeWhile": [dynamic.takeWhile((x) => x < 3), "where it ends depends on the order"],
  "window": [dynamic.window(2).prefetch(1), "an element may be part of several windows"],
  "rebatch": [dynamic.batch(2).rebatch(3), "an element is made of parts of several"],
  "groupByWindow": [
    dynamic.groupByWindow({ key: (x) => x, reduce: (_, window) => window, size: 2 }),
    "`reduce` may make several elements",
  ],
  "cache": [dynamic.cache().repeat(2), "it keeps elements in this process"],
  "map": [
    Dataset.zip(dynamic, range.map((x) => x, { parallel: 2, deterministic: false })),
    "its calls run in parallel and what is ready comes first",
  ],
};

for (const [name, [dataset, reason]] of Object.entries(OBSTACLES)) {
  Deno.test(`what keeps the rest behind \`distribute\` from being told is refused by name: ${name}`, async () => {
    const words = `Cannot make a checkpoint: \`${name}\` is in the way, because ${reason}`;
    await assertRejects(() => dataset.reader().checkpoint(), FailedPreconditionError, words);
  });
}

Deno.test("all other operators behind `distribute` let a checkpoint through, and without sharding these, too", async () => {
  const datasets = [
    dynamic.map((x) => x + 1).batch(2),
    dynamic.map((x) => x, { parallel: 4, deterministic: false }).shuffle(3).repeat(2).prefetch(2),
    dynamic.take(3).concatenate(range.skip(1)).enumerate().shard(2, 0),
    Dataset.sampleFromDatasets([dynamic, dynamic.skip(1), whole.cache()]),
    Dataset.zip(dynamic, range.flatMap((x) => [x, x]), whole.takeWhile((x) => x < 9)),
    Dataset.chooseFromDatasets([dynamic, dynamic], range.map((x) => x % 2)),
    whole.flatMap((x) => [x, x]).scan(0, (sum, x) => [sum + x, sum]).window(2).shuffle(3),
    whole.batch(2).unbatch().takeWhile((x) => x < 3),
  ];
  for (const dataset of datasets) {
    const { taken, services, settled } = await dataset.reader().checkpoint();
    assertEquals([taken, services, settled], [0, [], ""]);
  }
});

const PLACE = {
  iteration: "x",
  client: "1",
  repetition: 0,
  policy: 1,
  consumed: "",
  position: 0,
  readers: 1,
  finished: false,
};

Deno.test("what is no checkpoint of this dataset is refused when the reader is made", async () => {
  const dataset = Dataset.range(5).batch(2);
  const good = await dataset.reader().checkpoint();
  const bad: [unknown, string][] = [
    [5, "`checkpoint` must be what a reader's checkpoint() gave, got"],
    [{ ...good, version: 9 }, "`checkpoint` must be of version 2, got version 9"],
    [{ ...good, taken: -1 }, "checkpoint.taken"],
    [{ ...good, seed: "x" }, "checkpoint.seed"],
    [{ ...good, more: 1 }, "more"],
    [{ ...good, finished: 1 }, "checkpoint.finished"],
    [{ ...good, settled: "!" }, "`checkpoint.settled` is damaged"],
    [{ ...good, services: 7 }, "`checkpoint.services` must be an array"],
    [{ ...good, services: [7] }, "`checkpoint.services[0]` must be an object"],
    [
      { ...good, services: [{ at: 0, pass: 0, place: 7 }] },
      "`checkpoint.services[0].place` must be an object",
    ],
    [{ ...good, services: [{ at: 0, pass: 0, place: PLACE }] }, "names place 0, which reads no service"],
    [{ ...good, pipeline: "range.shuffle" }, "belongs to the dataset range.shuffle, not to range.batch"],
  ];
  for (const [checkpoint, words] of bad) {
    assertThrows(() => dataset.reader({ checkpoint: checkpoint as Checkpoint }), InvalidArgumentError, words);
  }
  const zipped = Dataset.zip(Dataset.range(2).batch(1), Dataset.range(3));
  assertEquals((await zipped.reader().checkpoint()).pipeline, "(range.batch,range)zip");
});
