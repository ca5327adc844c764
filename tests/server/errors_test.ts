import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Dataset, InternalError, type SluiceError } from "../../mod.ts";
import { startCluster, until } from "../support/cluster.ts";
import { numbers, sorted } from "../support/numbers.ts";
import { startProgram } from "../support/programs.ts";

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

for (const isolation of ["none", "process"] as const) {
  const title =
    `ignoreErrors counts what it left out, in the status of job and iteration: isolation ${isolation}`;
  Deno.test(title, async () => {
    await using cluster = await startCluster({ workers: 2, worker: { isolation, warmTaskProcesses: 0 } });
    const dataset = Dataset.range(1_000).map((x) => {
      if (x % 3 === 0) throw new Error("a multiple of three");
      return x;
    }).ignoreErrors().apply(cluster.distribute<number>({ processingMode: "distributed_epoch" }));
    assertEquals((await dataset.toArray()).length, 666);
    assertEquals((await dataset.toArray()).length, 666);
    const { jobs, iterations } = cluster.dispatcher.status();
    assertEquals(iterations.map(({ numSkipped }) => numSkipped), [334, 334]);
    assertEquals(jobs.map(({ numSkipped }) => numSkipped), [668]);
  });
}

Deno.test("ignoreErrors: lanes count, too", async () => {
  await using cluster = await startCluster({ worker: { lanes: 3 } });
  const dataset = Dataset.range(300_000).map((x) => {
    for (let i = 0; i < 300; i++) Math.sqrt(i);
    if (x % 1_000 === 7) throw new Error("lucky");
    return { x, text: "some text that fills blocks".repeat(3) };
  }).ignoreErrors().apply(cluster.distribute({ processingMode: "distributed_epoch" }));
  assertEquals((await dataset.toArray()).length, 299_700);
  assertEquals(cluster.dispatcher.status().jobs[0].numSkipped, 300);
});

Deno.test("what ignoreErrors left out of a pass that goes on is known by heartbeats", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(1_000_000_000).map((x) => {
    if (x % 2 === 0) throw new Error("even");
    return x;
  }).ignoreErrors().apply(cluster.distribute<number>());
  await using reader = dataset.reader();
  await reader.next();
  await until(() => cluster.dispatcher.status().jobs[0].numSkipped > 0, "the worker has told");
  const { jobs, iterations } = cluster.dispatcher.status();
  assertEquals(jobs[0].numSkipped, iterations[0].numSkipped);
  assertEquals(iterations[0].finished, false);
});

for (const isolation of ["none", "process"]) {
  Deno.test(`ignoreErrors with log tells of each element on the worker's standard error: isolation ${isolation}`, async () => {
    await using cluster = await startCluster({ workers: 0 });
    const { address } = cluster.dispatcher;
    await using worker = await startProgram("worker.ts", [
      ...["--dispatcher-address", address, "--isolation", isolation],
    ]);
    const dataset = (log: boolean) =>
      Dataset.range(10).map((x, { captures: { log } }) => {
        if (x % 4 === 1) throw new RangeError(`no ${x}, ${log ? "aloud" : "silently"}`);
        return x;
      }, { captures: { log } }).ignoreErrors({ log }).apply(cluster.distribute<number>());
    assertEquals((await dataset(true).toArray()).length, 7);
    assertEquals((await dataset(false).toArray()).length, 7);
    worker.kill("SIGTERM");
    const lines = (await worker.errors).split("\n");
    for (const x of [1, 5, 9]) {
      const told = lines.filter((line) => line.includes(`no ${x}, aloud`));
      assertEquals(told.length, 1, lines.join("\n"));
      assertStringIncludes(told[0], "Left out an element: Cannot map element");
    }
    assertEquals(lines.filter((line) => line.includes("silently")), []);
  });
}

Deno.test("what a function gives that is no element is refused with its kind and place", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(3).map((x) => ({ when: [new Date(x)] }) as unknown as { when: number[] });
  const error = await assertRejects(() => dataset.apply(cluster.distribute()).toArray());
  assertStringIncludes((error as Error).message, "Date");
  assertStringIncludes((error as Error).message, "when");
});
