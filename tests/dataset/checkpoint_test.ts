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

Deno.test("operators behind `distribute` that keep elements are in the way, by name", async () => {
  const service = "http://localhost:1";
  const read = Dataset.range(5).apply(distribute({ processingMode: "distributed_epoch", service }));
  for (const [dataset, name] of [[read.prefetch(2), "prefetch"], [read.repeat(2), "repeat"]] as const) {
    await assertRejects(
      () => dataset.reader().checkpoint(),
      FailedPreconditionError,
      `\`${name}\` keeps elements, or a count of them, that came out of \`distribute\``,
    );
  }
  const before = await read.map((x) => x + 1).batch(2).reader().checkpoint();
  assertEquals([before.taken, before.service], [0, null]);
});

Deno.test("what is no checkpoint of this dataset is refused when the reader is made", async () => {
  const dataset = Dataset.range(5).batch(2);
  const good = await dataset.reader().checkpoint();
  const bad: [unknown, string][] = [
    [5, "`checkpoint` must be what a reader's checkpoint() gave, got"],
    [{ ...good, version: 9 }, "`checkpoint` must be of version 1, got version 9"],
    [{ ...good, taken: -1 }, "checkpoint.taken"],
    [{ ...good, seed: "x" }, "checkpoint.seed"],
    [{ ...good, more: 1 }, "more"],
    [{ ...good, service: 7 }, "`checkpoint.service` must be an object"],
    [{ ...good, pipeline: "range.shuffle" }, "belongs to the dataset range.shuffle, not to range.batch"],
  ];
  for (const [checkpoint, words] of bad) {
    assertThrows(() => dataset.reader({ checkpoint: checkpoint as Checkpoint }), InvalidArgumentError, words);
  }
  const zipped = Dataset.zip(Dataset.range(2).batch(1), Dataset.range(3));
  assertEquals((await zipped.reader().checkpoint()).pipeline, "(range.batch,range)zip");
});
