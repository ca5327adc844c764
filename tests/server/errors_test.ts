import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Dataset, InternalError, type SluiceError } from "../../mod.ts";
import { startCluster } from "../support/cluster.ts";
import { numbers, sorted } from "../support/numbers.ts";

/** What reading ends with, and what came before. */
async function failure<T>(dataset: Dataset<T>): Promise<{ read: T[]; error: SluiceError }> {
  const read: T[] = [];
  try {
    for await (const element of dataset) read.push(element);
  } catch (error) {
    return { read, error: error as SluiceError };
  }
  throw new Error(`Nothing was thrown after ${read.length} elements`);
}

Deno.test("a function's error reaches the reader with its class, message, operator and index", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(100).filter((x) => x % 2 === 0).map((x) => {
    if (x === 14) throw new RangeError("fourteen is out");
    return x;
  });
  const { read, error } = await failure(dataset.apply(cluster.distribute()));
  assertEquals(read, [0, 2, 4, 6, 8, 10, 12]);
  assert(error instanceof InternalError);
  assertEquals(error.code, "internal");
  for (const words of ["map", "7", "fourteen is out"]) assertStringIncludes(error.message, words);
  assertEquals((error.cause as Error).name, "RangeError");
});

for (const operator of ["filter", "flatMap", "interleave", "scan", "takeWhile", "fromGenerator"] as const) {
  Deno.test(`an error in ${operator} names it`, async () => {
    await using cluster = await startCluster();
    const fail = () => {
      throw new TypeError("no such luck");
    };
    const source = Dataset.range(10);
    const datasets: Record<typeof operator, Dataset<unknown>> = {
      filter: source.filter(fail),
      flatMap: source.flatMap(fail),
      interleave: source.interleave(fail),
      scan: source.scan(0, fail),
      takeWhile: source.takeWhile(fail),
      fromGenerator: Dataset.fromGenerator(fail),
    };
    const { error } = await failure(datasets[operator].apply(cluster.distribute()));
    assertStringIncludes(error.message, operator === "fromGenerator" ? "generate" : operator);
    assertStringIncludes(error.message, "no such luck");
    assertEquals([error.code, (error.cause as Error).name], ["internal", "TypeError"]);
  });
}

Deno.test("an error ends one reader; others, and the worker, go on", async () => {
  await using cluster = await startCluster();
  const make = () =>
    Dataset.range(200_000).map((x) => {
      if (x === 50_000) throw new Error("just once");
      return x;
    }).apply(cluster.distribute({ jobName: "shared", maxOutstandingRequests: 1 }));
  const parts: number[][] = [];
  const failures: unknown[] = [];
  await Promise.all([make(), make()].map(async (dataset) => {
    const read: number[] = [];
    parts.push(read);
    try {
      for await (const x of dataset) read.push(x);
    } catch (error) {
      failures.push(error);
    }
  }));
  assertEquals(failures.length, 1);
  assertStringIncludes((failures[0] as Error).message, "just once");
  const read = sorted(parts.flat());
  assertEquals(read, numbers(200_000).filter((x) => x !== 50_000));
  assertEquals(await Dataset.range(5).apply(cluster.distribute()).toArray(), numbers(5));
});

Deno.test("elements that fail can be left out on the worker", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10).map((x) => {
    if (x % 3 === 0) throw new Error("a multiple of three");
    return x;
  }).ignoreErrors();
  assertEquals(await dataset.apply(cluster.distribute()).toArray(), [1, 2, 4, 5, 7, 8]);
});

Deno.test("what a function gives that is no element is refused with its kind and place", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(3).map((x) => ({ when: [new Date(x)] }) as unknown as { when: number[] });
  const error = await assertRejects(() => dataset.apply(cluster.distribute()).toArray());
  assertStringIncludes((error as Error).message, "Date");
  assertStringIncludes((error as Error).message, "when");
});
