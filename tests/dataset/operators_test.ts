import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { InternalError, InvalidArgumentError } from "../../src/base/mod.ts";
import { Dataset } from "../../src/dataset/dataset.ts";

Deno.test("map", async () => {
  assertEquals(await Dataset.range(3).map((x) => x + 1).toArray(), [1, 2, 3]);
  assertEquals(await Dataset.range(3).map((x) => Promise.resolve(-x)).toArray(), [-0, -1, -2]);
});

Deno.test("map in parallel keeps the order unless it may not care", async () => {
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const slowFirst = async (x: number) => {
    if (x === 0) await gates[0].promise;
    else gates[0].resolve();
    return x;
  };
  assertEquals(await Dataset.range(3).map(slowFirst, { parallel: 3 }).toArray(), [0, 1, 2]);
  let first = true;
  const held = Promise.withResolvers<void>();
  const anyOrder = Dataset.range(3).map(async (x) => {
    if (first) {
      first = false;
      await held.promise;
    } else if (x === 2) {
      held.resolve();
    }
    return x;
  }, { parallel: 3, deterministic: false });
  const seen = await anyOrder.toArray();
  assertEquals(seen.toSorted(), [0, 1, 2]);
  assertEquals(seen.at(-1), 0);
});

Deno.test("captures are copied at the call, for every function", async () => {
  const captures = { factor: 10, list: [1] };
  const scaled = Dataset.range(3).map((x, ctx) => x * ctx.captures.factor + ctx.captures.list.length, {
    captures,
  });
  captures.factor = 0;
  captures.list.push(2);
  assertEquals(await scaled.toArray(), [1, 11, 21]);
  const least = { captures: { least: 2 } };
  assertEquals(await Dataset.range(4).filter((x, ctx) => x >= ctx.captures.least, least).toArray(), [2, 3]);
  assertEquals(await Dataset.range(4).takeWhile((x, ctx) => x < ctx.captures.least, least).toArray(), [0, 1]);
  assertEquals(await Dataset.range(2).flatMap((x, ctx) => [x, ctx.captures.least], least).toArray(), [
    0,
    2,
    1,
    2,
  ]);
  assertEquals(
    await Dataset.range(2).interleave((x, ctx) => [x, ctx.captures.least], least).toArray(),
    [0, 1, 2, 2],
  );
  assertEquals(
    await Dataset.range(2).scan(1, (s, x, ctx) => [s, s + x + ctx.captures.least], least).toArray(),
    [3, 4],
  );
  const grouped = Dataset.range(4).groupByWindow({
    key: (x, ctx) => Number(x >= ctx.captures.least),
    reduce: (key, window, ctx) =>
      window.map((x, inner) => [key, x, inner.captures], { captures: ctx.captures }),
    size: (_key, ctx) => ctx.captures.least,
    ...least,
  });
  assertEquals(await grouped.toArray(), [[0, 0, { least: 2 }], [0, 1, { least: 2 }], [1, 2, { least: 2 }], [
    1,
    3,
    { least: 2 },
  ]]);
});

Deno.test("an error of a function ends the pass with its message", async () => {
  const failing = Dataset.range(5).map((x) => {
    if (x === 2) throw new RangeError("no twos");
    return x;
  });
  const reader = failing.reader();
  assertEquals([(await reader.next()).value, (await reader.next()).value], [0, 1]);
  const error = await assertRejects(() => reader.next(), InternalError, "no twos");
  assertInstanceOf(error.cause, RangeError);
  assertEquals(await reader.next(), { done: true, value: undefined });
  await assertRejects(() => failing.toArray(), InternalError, "no twos");
  assertEquals(await failing.ignoreErrors().toArray(), [0, 1, 3, 4]);
});

Deno.test("filter and takeWhile", async () => {
  assertEquals(await Dataset.range(6).filter((x) => x % 2).toArray(), [1, 3, 5]);
  assertEquals(await Dataset.range(3).filter((x) => Promise.resolve(x === 1)).toArray(), [1]);
  assertEquals(await Dataset.range(6).takeWhile((x) => x !== 2).toArray(), [0, 1]);
});

Deno.test("flatMap takes datasets, iterables and async iterables", async () => {
  const two = Dataset.range(1, 3);
  assertEquals(await two.flatMap((x, ctx) => ctx.Dataset.range(x)).toArray(), [0, 0, 1]);
  assertEquals(await two.flatMap((x) => new Set([x, x * 10])).toArray(), [1, 10, 2, 20]);
  const generated = two.flatMap(async function* (x) {
    yield await Promise.resolve(x);
  });
  assertEquals(await generated.toArray(), [1, 2]);
});

Deno.test("interleave", async () => {
  const blocks = Dataset.range(3).interleave((x) => [x, x, x], { cycleLength: 2, blockLength: 2 });
  assertEquals(await blocks.toArray(), [0, 0, 1, 1, 0, 1, 2, 2, 2]);
  const ahead = Dataset.range(3).interleave((x) => [x, x], { cycleLength: 3, parallel: 3 });
  assertEquals(await ahead.toArray(), [0, 1, 2, 0, 1, 2]);
});

Deno.test("scan", async () => {
  assertEquals(await Dataset.range(4).scan(0, (s, x) => [s + x, s]).toArray(), [0, 0, 1, 3]);
});

Deno.test("batch, unbatch and rebatch", async () => {
  const floats = (...values: number[]) => new Float64Array(values);
  assertEquals(await Dataset.range(3).batch(2, { dropRemainder: true }).toArray(), [floats(0, 1)]);
  assertEquals(await Dataset.fromArray([true, false]).batch(2).toArray(), [[true, false]]);
  assertEquals(await Dataset.fromArray([1n]).batch(2).toArray(), [new BigInt64Array([1n])]);
  assertEquals(await Dataset.range(2).batch(1).batch(2).toArray(), [
    { dtype: "float64", shape: [2, 1], data: floats(0, 1) },
  ]);
  assertEquals(await Dataset.fromArray([{ a: 1, b: "x" }]).batch(1).toArray(), [{ a: floats(1), b: ["x"] }]);
  assertEquals(await Dataset.range(2).zip(Dataset.fromArray(["a", "b"])).batch(2).unbatch().toArray(), [
    [0, "a"],
    [1, "b"],
  ]);
  assertEquals(await Dataset.range(5).batch(2).rebatch(3).toArray(), [floats(0, 1, 2), floats(3, 4)]);
  assertEquals(await Dataset.range(5).batch(2).rebatch(3, { dropRemainder: true }).toArray(), [
    floats(0, 1, 2),
  ]);
  await assertRejects(
    () => Dataset.fromArray([[1], [1, 2]]).batch(2).toArray(),
    InvalidArgumentError,
    "different lengths",
  );
});

Deno.test("paddedBatch", async () => {
  const rows = Dataset.fromArray([new Uint8Array([1]), new Uint8Array([2, 3])]);
  const [padded] = await rows.paddedBatch(2, { paddedShapes: [3], paddingValues: 9 }).toArray();
  assertEquals(padded, { dtype: "uint8", shape: [2, 3], data: new Uint8Array([1, 9, 9, 2, 3, 9]) });
  assertEquals(await rows.take(1).paddedBatch(2, { dropRemainder: true }).toArray(), []);
});

Deno.test("window", async () => {
  assertEquals(await Dataset.range(5).window(2).toArray(), [[0, 1], [2, 3], [4]]);
  assertEquals(await Dataset.range(5).window(2, { stride: 2, dropRemainder: true }).toArray(), [[0, 2], [
    2,
    4,
  ]]);
});

Deno.test("groupByWindow", async () => {
  const windows = Dataset.range(5).groupByWindow({
    key: (x) => x % 2,
    reduce: (_key, window) => window.batch(2),
    size: 2,
  });
  assertEquals((await windows.toArray()).map((batch) => [...batch]), [[0, 2], [1, 3], [4]]);
});

Deno.test("bucketBySequenceLength", async () => {
  const buckets = Dataset.fromArray([[1], [1, 2, 3], [4], [4, 5, 6, 7]]).bucketBySequenceLength({
    length: (items) => items.length,
    boundaries: [3],
    batchSizes: [2, 2],
    paddingValues: -1,
  });
  assertEquals(await buckets.toArray(), [
    { dtype: "float64", shape: [2, 1], data: new Float64Array([1, 4]) },
    { dtype: "float64", shape: [2, 4], data: new Float64Array([1, 2, 3, -1, 4, 5, 6, 7]) },
  ]);
});

Deno.test("shuffle", async () => {
  const inOrder = [...Array(50).keys()];
  const shuffled = Dataset.range(50).shuffle(50, { seed: 3 });
  const [first, second] = [await shuffled.toArray(), await shuffled.toArray()];
  assertNotEquals(first, inOrder);
  assertEquals(first.toSorted((a, b) => a - b), inOrder);
  assertNotEquals(first, second, "the second pass has another order");
  const again = Dataset.range(50).shuffle(50, { seed: 3 });
  assertEquals([await again.toArray(), await again.toArray()], [first, second], "which its seed repeats");
  const fixed = Dataset.range(50).shuffle(50, { seed: 3, reshuffleEachIteration: false });
  assertEquals(await fixed.toArray(), await fixed.toArray());
});

Deno.test("repeat, take and skip", async () => {
  const two = Dataset.range(2);
  assertEquals(await two.repeat(0).toArray(), []);
  assertEquals(await two.repeat().skip(1).take(3).toArray(), [1, 0, 1]);
  assertEquals(await two.repeat(-1).take(3).toArray(), [0, 1, 0]);
  assertEquals([await two.take(-1).toArray(), await two.skip(-1).toArray()], [[0, 1], []]);
});

Deno.test("shard, prefetch, cache, enumerate and withOptions", async () => {
  assertEquals(await Dataset.range(7).shard(3, 1).toArray(), [1, 4]);
  assertEquals(await Dataset.range(3).prefetch(2).toArray(), [0, 1, 2]);
  let calls = 0;
  const cached = Dataset.range(3).map((x) => (calls++, x)).cache();
  assertEquals([await cached.toArray(), await cached.toArray()], [[0, 1, 2], [0, 1, 2]]);
  assertEquals(calls, 3);
  assertEquals(await Dataset.fromArray(["a"]).enumerate().toArray(), [[0, "a"]]);
  assertEquals(await Dataset.range(2).withOptions({ deterministic: false }).toArray(), [0, 1]);
});

Deno.test("several datasets", async () => {
  const [low, high] = [Dataset.range(2), Dataset.range(10, 13)];
  assertEquals(await Dataset.zip(low, high).toArray(), [[0, 10], [1, 11]]);
  assertEquals(await low.zip(high, high).toArray(), [[0, 10, 10], [1, 11, 11]]);
  assertEquals(await Dataset.concatenate(low, high).toArray(), [0, 1, 10, 11, 12]);
  assertEquals(await high.concatenate(low).toArray(), [10, 11, 12, 0, 1]);
  const chosen = Dataset.chooseFromDatasets([low, high], Dataset.fromArray([1, 1, 0]));
  assertEquals(await chosen.toArray(), [10, 11, 0]);
  const weighted = Dataset.sampleFromDatasets([low.repeat(), high.repeat()], { weights: [0, 1] }).take(4);
  assertEquals(await weighted.toArray(), [10, 11, 12, 10]);
  const seeded = () =>
    Dataset.sampleFromDatasets([low.repeat(), high.repeat()], { seed: 1 }).take(30).toArray();
  assertEquals(await seeded(), await seeded());
});

Deno.test("apply", async () => {
  assertEquals(await Dataset.range(2).apply((dataset) => dataset.map(String)).toArray(), ["0", "1"]);
  const wrong = (() => [1]) as never;
  assertThrows(() => Dataset.range(2).apply(wrong), InvalidArgumentError, "must be a Dataset");
  assertThrows(
    () => Dataset.range(2).apply(1 as never),
    InvalidArgumentError,
    "`transformation` must be a function",
  );
});

Deno.test("cardinality", () => {
  const ten = Dataset.range(10);
  assertEquals(ten.cardinality, 10);
  assertEquals(ten.batch(4).cardinality, 3);
  assertEquals(ten.repeat().cardinality, -1);
  assertEquals(ten.filter((x) => x > 1).cardinality, -2);
});

Deno.test("the context offers a signal that is aborted when the reader leaves", async () => {
  const seen: AbortSignal[] = [];
  const endless = Dataset.range(2).repeat().map((x, { signal }) => (seen.push(signal), x));
  for await (const _ of endless) {
    assert(!seen[0].aborted);
    break;
  }
  assert(seen[0].aborted);
});

const five = Dataset.range(5);
const id = (x: unknown) => x;
const wrongCalls: [name: string, call: () => unknown, message: string][] = [
  ["range() of a text", () => Dataset.range("5" as never), "`stop`"],
  ["range() of half a number", () => Dataset.range(0, 1.5), "`stop`"],
  ["range() without a step", () => Dataset.range(0, 1, 0), "`step`"],
  ["fromArray() of no array", () => Dataset.fromArray({} as never), "`items` must be an array"],
  ["fromArray() of a date", () => Dataset.fromArray([1, new Date()]), "Date"],
  ["fromTensorSlices() of undefined", () => Dataset.fromTensorSlices(undefined), "undefined"],
  ["fromGenerator() of no function", () => Dataset.fromGenerator([] as never), "must be a function"],
  ["random() with another option", () => Dataset.random({ sed: 1 } as never), '"sed"'],
  ["random() with half a seed", () => Dataset.random({ seed: 0.5 }), "`seed`"],
  ["listFiles() of nothing", () => Dataset.listFiles([]), "`pattern`"],
  ["textLines() of a number", () => Dataset.textLines(5 as never), "`files`"],
  ["textLines() of no file", () => Dataset.textLines([]), "`files`"],
  ["textLines() with an option of csv", () => Dataset.textLines("a", { header: true } as never), '"header"'],
  ["csv() with a wrong type", () => Dataset.csv("a", { types: { a: "date" } } as never), "`types.a`"],
  [
    "jsonl() with a wrong compression",
    () => Dataset.jsonl("a", { compression: "zip" as never }),
    "`compression`",
  ],
  ["zip() of nothing", () => Dataset.zip(), "zip"],
  ["zip() of an array", () => Dataset.zip([1] as never), "`datasets[0]` must be a Dataset"],
  ["concatenate() of nothing", () => Dataset.concatenate(), "concatenate"],
  [
    "sampleFromDatasets() of one",
    () => Dataset.sampleFromDatasets(five as never),
    "`datasets` must be an array",
  ],
  [
    "sampleFromDatasets() with few weights",
    () => Dataset.sampleFromDatasets([five], { weights: [] }),
    "`weights`",
  ],
  ["chooseFromDatasets() by an array", () => Dataset.chooseFromDatasets([five], [0] as never), "`choice`"],
  ["map() of nothing", () => five.map(undefined as never), "must be a function"],
  ["map() with parallel 0", () => five.map(id, { parallel: 0 }), "`parallel`"],
  ["map() with another option", () => five.map(id, { paralel: 2 } as never), '"paralel"'],
  ["map() with options that are none", () => five.map(id, 3 as never), "`options` must be an object"],
  ["map() with a date captured", () => five.map(id, { captures: { a: new Date() } }), "Date"],
  ["interleave() with cycleLength 0", () => five.interleave(() => [], { cycleLength: 0 }), "`cycleLength`"],
  ["interleave() with blockLength 0", () => five.interleave(() => [], { blockLength: 0 }), "`blockLength`"],
  ["scan() from undefined", () => five.scan(undefined, () => [undefined, 1]), "`init`"],
  ["batch() of 0", () => five.batch(0), "`size`"],
  ["batch() with dropRemainder 1", () => five.batch(1, { dropRemainder: 1 as never }), "`dropRemainder`"],
  ["rebatch() of 0", () => five.rebatch(0), "`size`"],
  ["window() with shift 0", () => five.window(2, { shift: 0 }), "`shift`"],
  ["shuffle() of 0", () => five.shuffle(0), "`bufferSize`"],
  ["repeat() of -2", () => five.repeat(-2), "`count`"],
  ["take() of -2", () => five.take(-2), "`count`"],
  ["skip() of a text", () => five.skip("1" as never), "`count`"],
  ["shard() of 0", () => five.shard(0, 0), "`num`"],
  ["shard() at its end", () => five.shard(2, 2), "index"],
  ["prefetch() of -2", () => five.prefetch(-2), "`bufferSize`"],
  ["enumerate() from a text", () => five.enumerate("0" as never), "`start`"],
  ["ignoreErrors() with another option", () => five.ignoreErrors({ lg: true } as never), '"lg"'],
  ["withOptions() without options", () => five.withOptions(undefined as never), "`options`"],
  ["groupByWindow() without options", () => five.groupByWindow(undefined as never), "`options`"],
  [
    "groupByWindow() of size 0",
    () => five.groupByWindow({ key: (x) => x, reduce: (_, w) => w, size: 0 }),
    "`size`",
  ],
  [
    "bucketBySequenceLength() with few sizes",
    () => five.bucketBySequenceLength({ length: (x) => x, boundaries: [1], batchSizes: [1] }),
    "`batchSizes`",
  ],
  ["concatenate() with an array", () => five.concatenate([] as never), "`other` must be a Dataset"],
  ["reader() with another option", () => five.reader({ sgnal: 1 } as never), '"sgnal"'],
  ["stream() with a wrong signal", () => five.stream({ signal: 1 as never }), "`signal`"],
];

for (const [name, call, message] of wrongCalls) {
  Deno.test(`${name} is refused at the call`, () => {
    assertThrows(call, InvalidArgumentError, message);
  });
}
