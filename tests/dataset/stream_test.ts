import { assert, assertEquals, assertRejects } from "@std/assert";
import { InternalError } from "../../src/base/mod.ts";
import { Dataset } from "../../src/dataset/dataset.ts";

/** An endless dataset that notes what it made and whether it was cleaned up. */
function observed(): { made: number[]; dataset: Dataset<number>; cleaned: () => boolean } {
  const made: number[] = [];
  let cleaned = false;
  const dataset = Dataset.fromGenerator(function* () {
    try {
      for (let i = 0;; i++) {
        made.push(i);
        yield i;
      }
    } finally {
      cleaned = true;
    }
  });
  return { made, dataset, cleaned: () => cleaned };
}

Deno.test("a stream gives all elements, null and 0 among them, and closes", async () => {
  const stream = Dataset.fromArray([0, null, "", false]).stream();
  assertEquals(await Array.fromAsync(stream), [0, null, "", false]);
});

Deno.test("a stream makes an element when it is asked for one", async () => {
  const { made, dataset, cleaned } = observed();
  const reader = dataset.stream().getReader();
  await Promise.resolve();
  assertEquals(made, []);
  assertEquals(await reader.read(), { done: false, value: 0 });
  assertEquals(await reader.read(), { done: false, value: 1 });
  assertEquals(made, [0, 1]);
  await reader.cancel();
  assert(cleaned(), "cancel waits until the source is closed");
});

Deno.test("leaving a loop over a stream reaches the source", async () => {
  const { dataset, cleaned } = observed();
  for await (const x of dataset.stream()) if (x === 3) break;
  assert(cleaned());
});

Deno.test("a pipe that ends early reaches the source", async () => {
  const { dataset, cleaned } = observed();
  const limit = new TransformStream<number, number>({
    transform: (x, controller) => x < 3 ? controller.enqueue(x) : controller.terminate(),
  });
  assertEquals(await Array.fromAsync(dataset.stream().pipeThrough(limit)), [0, 1, 2]);
  assert(cleaned());
});

Deno.test("an error of the dataset is the stream's", async () => {
  const stream = Dataset.range(2).map((x) => JSON.parse(x === 0 ? "0" : "?")).stream();
  const reader = stream.getReader();
  assertEquals((await reader.read()).value, 0);
  await assertRejects(() => reader.read(), InternalError, "Unexpected token");
});

Deno.test("an aborted signal is the stream's error", async () => {
  const { dataset, cleaned } = observed();
  const controller = new AbortController();
  const reader = dataset.stream({ signal: controller.signal }).getReader();
  await reader.read();
  controller.abort(new Error("enough"));
  await assertRejects(() => reader.read(), Error, "enough");
  assert(cleaned());
});

Deno.test("a read that waits for a function that never answers can be cancelled", async () => {
  const reader = Dataset.range(1).map(() => new Promise<number>(() => {})).stream().getReader();
  const waiting = reader.read();
  await reader.cancel();
  assertEquals(await waiting, { done: true, value: undefined });
});
