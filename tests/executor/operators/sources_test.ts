import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DataLossError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  SeededRandom,
} from "../../../src/base/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { checkNode, type GraphNode } from "../../../src/graph/mod.ts";
import { memoryFileSystem, tfrecordFrame } from "../../../src/sources/mod.ts";
import { probe } from "../probe.ts";
import { fn, fromArray, fromGenerator, run, runSync, runWithErrors, testContext } from "../support.ts";

const files = memoryFileSystem({
  "a.txt": "one\ntwo\n",
  "b.txt": "",
  "c.txt": "three",
  "d.csv": "x,y\n1,2\n",
});

const textLines = (input: GraphNode) =>
  checkNode({ op: "readFiles", inputs: [input], format: "textLines", options: {} });
const listFiles = (patterns: string[], shuffle = false, seed: number | null = null) =>
  checkNode({ op: "listFiles", inputs: [], patterns, shuffle, seed });

Deno.test("range counts up, down and by fractions of nothing", () => {
  const range = (start: number, stop: number, step: number) =>
    runSync(checkNode({ op: "range", inputs: [], start, stop, step }));
  assertEquals(range(2, 7, 2), [2, 4, 6]);
  assertEquals(range(5, 0, -2), [5, 3, 1]);
  assertEquals(range(5, 5, 1), []);
  assertEquals(range(5, 0, 1), []);
});

Deno.test("fromArray gives its items whole", () => {
  assertEquals(runSync(fromArray([[1, 2], "three", { four: 4 }, null])), [
    [1, 2],
    "three",
    { four: 4 },
    null,
  ]);
});

Deno.test("fromTensorSlices gives slices along the first axis", () => {
  const tensor = { x: new Float32Array([1, 2]), y: [[1, 2], [3, 4]] };
  assertEquals(runSync(checkNode({ op: "fromTensorSlices", inputs: [], tensor })).length, 2);
  assertEquals(
    runSync(checkNode({ op: "fromTensorSlices", inputs: [], tensor: new Uint8Array([7, 8, 9]) })),
    [7, 8, 9],
  );
});

Deno.test("random is a function of seed and index; without a seed it differs each time", () => {
  const some = (seed: number | null, random = new SeededRandom(1)) =>
    runSync(
      checkNode({ op: "take", inputs: [checkNode({ op: "random", inputs: [], seed })], count: 4 }),
      { random },
    );
  assertEquals(some(7), some(7));
  assertNotEquals(some(7), some(8));
  const random = new SeededRandom(1);
  assertNotEquals(some(null, random), some(null, random));
  for (const x of some(7)) {
    assertEquals(typeof x === "number" && x >= 0 && x < 2 ** 32 && Number.isInteger(x), true);
  }
});

Deno.test("fromGenerator runs sync and async generators, arrays and promises of them", async () => {
  assertEquals(
    runSync(fromGenerator(function* () {
      yield* [1, 2];
    })),
    [1, 2],
  );
  assertEquals(
    await run(fromGenerator(async function* () {
      yield 1;
      await Promise.resolve();
      yield 2;
    })),
    [1, 2],
  );
  assertEquals(await run(fromGenerator(() => Promise.resolve([3, 4]))), [3, 4]);
  assertEquals(await run(fromGenerator(() => [Promise.resolve(5)])), [5]);
});

Deno.test("a generator gets its captures", () => {
  const node = checkNode({
    op: "fromGenerator",
    inputs: [],
    fn: fn(({ captures }: { captures: number[] }) => captures, [8, 9]),
  });
  assertEquals(runSync(node), [8, 9]);
});

Deno.test("a generator that throws is told once and is over", async () => {
  const throwing = fromGenerator(function* () {
    yield 1;
    throw new Error("empty tank");
  });
  assertEquals(await runWithErrors(throwing), [1, "InternalError: Cannot generate element 1: empty tank"]);
  const atOnce = fromGenerator(() => {
    throw new Error("no start");
  });
  assertEquals(await runWithErrors(atOnce), ["InternalError: Cannot generate element 0: no start"]);
  const broken = fromGenerator(() => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }));
  await assertRejects(() => run(broken), InternalError, "instead of a result object");
});

Deno.test("a generator function that gives no iterable is refused", () => {
  assertThrows(
    () => runSync(fromGenerator(() => 5)),
    InvalidArgumentError,
    "the function gave 5, not an iterable",
  );
});

Deno.test("listFiles gives names sorted within each pattern", async () => {
  assertEquals(await run(listFiles(["c.txt", "*.txt"]), { files }), ["c.txt", "a.txt", "b.txt", "c.txt"]);
  assertEquals(
    await runWithErrors(listFiles(["*.zip"]), { files }).then((items) => items.length),
    1,
  );
  await assertRejects(() => run(listFiles(["*.zip"]), { files }), NotFoundError, "*.zip");
});

Deno.test("listFiles shuffles by seed and epoch", async () => {
  const many = memoryFileSystem(Object.fromEntries([...Array(9).keys()].map((i) => [`${i}.txt`, ""])));
  const order = (seed: number | null, epoch = 0) =>
    run(listFiles(["*.txt"], true, seed), { files: many, epoch });
  assertEquals(await order(1), await order(1));
  assertNotEquals(await order(1), await order(2));
  assertNotEquals(await order(1), await order(1, 1));
  assertEquals([...await order(1)].sort(), [...Array(9).keys()].map((i) => `${i}.txt`));
});

Deno.test("readFiles reads file after file", async () => {
  assertEquals(await run(textLines(listFiles(["*.txt"])), { files }), ["one", "two", "three"]);
  assertEquals(await run(textLines(fromArray([])), { files }), []);
});

Deno.test("readFiles goes on with the next file behind one that is missing or damaged", async () => {
  const items = await runWithErrors(textLines(fromArray(["c.txt", "gone.txt", 4, "a.txt"])), { files });
  assertEquals(items.filter((item) => !String(item).includes("Error")), ["three", "one", "two"]);
  assertEquals(String(items[1]).includes("gone.txt"), true);
  assertEquals(
    String(items[2]),
    "InvalidArgumentError: Cannot read a file: its name must be a string, got 4",
  );

  const frame = tfrecordFrame(new Uint8Array([1, 2, 3]));
  const damaged = frame.slice();
  damaged[12] ^= 1;
  const records = checkNode({
    op: "readFiles",
    inputs: [fromArray(["bad.tfrecord", "good.tfrecord"])],
    format: "tfrecord",
    options: {},
  });
  const two = { files: memoryFileSystem({ "bad.tfrecord": damaged, "good.tfrecord": frame }) };
  await assertRejects(() => run(records, two), DataLossError, "bad.tfrecord");
  const read = await runWithErrors(records, two);
  assertEquals(read.at(-1), new Uint8Array([1, 2, 3]));
});

Deno.test("readFiles gives lines that are there already without a promise", async () => {
  const iterator = execute(textLines(fromArray(["a.txt"])), testContext({ files }));
  assertEquals(await iterator.next(), "one");
  assertEquals(iterator.next(), "two");
  await iterator.close();
});

Deno.test("readFiles closes its file and its input when the reader leaves", async () => {
  const { node, counts } = probe(["open.txt"], "async");
  let canceled = 0;
  const open = memoryFileSystem({});
  const endless = {
    list: open.list,
    source: (name: string) => ({
      name,
      size: () => Promise.resolve(null),
      open: () =>
        Promise.resolve(
          new ReadableStream<Uint8Array<ArrayBuffer>>({
            pull: (controller) => controller.enqueue(new TextEncoder().encode("line\n")),
            cancel: () => void canceled++,
          }),
        ),
    }),
  };
  const iterator = execute(textLines(node), testContext({ files: endless }));
  assertEquals(await iterator.next(), "line");
  await iterator.close();
  assertEquals([canceled, counts.closed], [1, 1]);
  assertEquals(iterator.next(), DONE);
});
