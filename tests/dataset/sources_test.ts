import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DataLossError, NotFoundError } from "../../src/base/mod.ts";
import { Dataset } from "../../src/dataset/dataset.ts";
import { installEnvironment } from "../../src/dataset/environment.ts";
import { memoryFileSystem, tfrecordFrame } from "../../src/sources/mod.ts";

Deno.test("range gives what a loop gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -30, max: 30 }),
      fc.integer({ min: -30, max: 30 }),
      fc.integer({ min: -5, max: 5 }).filter((step) => step !== 0),
      async (start, stop, step) => {
        const expected: number[] = [];
        for (let x = start; step > 0 ? x < stop : x > stop; x += step) expected.push(x);
        const range = Dataset.range(start, stop, step);
        assertEquals(await range.toArray(), expected);
        assertEquals(range.cardinality, expected.length);
      },
    ),
    { numRuns: 50 },
  );
  assertEquals(await Dataset.range(2).toArray(), [0, 1]);
  assertEquals(await Dataset.range(1, 3).toArray(), [1, 2]);
});

Deno.test("fromArray copies the array", async () => {
  const items = [1, 2];
  const dataset = Dataset.fromArray(items);
  items.push(3);
  items[0] = 9;
  assertEquals(await dataset.toArray(), [1, 2]);
  assertEquals(dataset.cardinality, 2);
});

Deno.test("fromTensorSlices slices along the first axis", async () => {
  assertEquals(await Dataset.fromTensorSlices(new Int16Array([1, 2])).toArray(), [1, 2]);
  assertEquals(await Dataset.fromTensorSlices([[1, 2], [3, 4]]).toArray(), [[1, 2], [3, 4]]);
  const matrix = { dtype: "float32", shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) } as const;
  assertEquals(await Dataset.fromTensorSlices({ matrix, label: ["a", "b"] }).toArray(), [
    { matrix: { dtype: "float32", shape: [2], data: new Float32Array([1, 2]) }, label: "a" },
    { matrix: { dtype: "float32", shape: [2], data: new Float32Array([3, 4]) }, label: "b" },
  ]);
});

Deno.test("fromGenerator calls its function anew for each pass, and lets it clean up", async () => {
  let begun = 0;
  let cleaned = 0;
  const counting = Dataset.fromGenerator(function* () {
    begun++;
    try {
      for (let i = 0;; i++) yield i;
    } finally {
      cleaned++;
    }
  });
  assertEquals(await counting.take(2).toArray(), [0, 1]);
  for await (const x of counting) if (x === 3) break;
  assertEquals([begun, cleaned], [2, 2]);
  const list = Dataset.fromGenerator(({ captures }) => captures.items, { captures: { items: ["x", "y"] } });
  assertEquals(await list.toArray(), ["x", "y"]);
  const later = Dataset.fromGenerator(async function* () {
    yield await Promise.resolve("late");
  });
  assertEquals(await later.toArray(), ["late"]);
});

Deno.test("random is repeated by its seed only", async () => {
  const draw = (seed?: number) => Dataset.random({ seed }).take(20).toArray();
  assertEquals(await draw(1), await draw(1));
  assertNotEquals(await draw(1), await draw(2));
  assertNotEquals(await draw(), await draw());
  assert((await draw()).every((x) => Number.isInteger(x) && x >= 0 && x < 2 ** 32));
});

Deno.test("files are found in the environment that is installed", async () => {
  const records = [new Uint8Array([1, 2]), new Uint8Array()].map(tfrecordFrame);
  const damaged = records[0].slice();
  damaged[damaged.length - 1] ^= 1;
  using _ = installEnvironment({
    files: memoryFileSystem({
      "a.txt": "one\r\ntwo\n",
      "b.txt": "three",
      "rows.csv": "name;age\nAda;36\n",
      "bare.csv": "Ada,36",
      "rows.jsonl": '{"x":1}\n[2]\n',
      "two.tfrecord": new Uint8Array(await new Blob(records).arrayBuffer()),
      "bad.tfrecord": damaged,
    }),
  });
  assertEquals(await Dataset.listFiles("*.txt").toArray(), ["a.txt", "b.txt"]);
  assertEquals(await Dataset.listFiles(["b.txt", "a.txt"]).toArray(), ["b.txt", "a.txt"]);
  const shuffled = await Dataset.listFiles("*", { shuffle: true, seed: 1 }).toArray();
  assertEquals(shuffled.toSorted(), await Dataset.listFiles("*").toArray());
  assertEquals(await Dataset.textLines("*.txt").toArray(), ["one", "two", "three"]);
  assertEquals(await Dataset.textLines(["b.txt", "a.txt"]).toArray(), ["three", "one", "two"]);
  assertEquals(await Dataset.textLines(Dataset.fromArray(["b.txt"]).repeat(2)).toArray(), ["three", "three"]);
  assertEquals(
    await Dataset.csv("rows.csv", { delimiter: ";", types: { age: "number" } }).toArray() as unknown,
    [{ name: "Ada", age: 36 }],
  );
  assertEquals(await Dataset.csv<string[]>("bare.csv", { header: false }).toArray(), [["Ada", "36"]]);
  assertEquals(await Dataset.jsonl("rows.jsonl").toArray(), [{ x: 1 }, [2]]);
  assertEquals(await Dataset.tfrecord("two.tfrecord").toArray(), [new Uint8Array([1, 2]), new Uint8Array()]);
  await assertRejects(() => Dataset.textLines("none.txt").toArray(), NotFoundError, "none.txt");
  await assertRejects(() => Dataset.tfrecord("bad.tfrecord").toArray(), DataLossError, "bad.tfrecord");
});
