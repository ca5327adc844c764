/** Coordinated reads while the dispatcher is started again, and while workers are lost. */

import { assert, assertEquals } from "@std/assert";
import { Dataset, type DistributeOptions } from "../../mod.ts";
import { until } from "../support/cluster.ts";
import { RestartableCluster } from "../support/restartable_cluster.ts";

const NUM_CONSUMERS = 2;

/** Both consumers of a coordinated read; the test decides how far they go. */
class Pair implements AsyncDisposable {
  readonly #iterators: AsyncIterator<number>[];
  readonly got: number[][] = [[], []];

  constructor(
    cluster: RestartableCluster,
    dataset: Dataset<number>,
    options: Partial<DistributeOptions> = {},
  ) {
    this.#iterators = this.got.map((_, consumerIndex) =>
      dataset.apply(
        cluster.distribute<number>({
          jobName: "pair",
          numConsumers: NUM_CONSUMERS,
          consumerIndex,
          ...options,
        }),
      )[Symbol.asyncIterator]()
    );
  }

  /** Reads `count` elements with each, or to the end; says whether that was reached. */
  async take(count: number): Promise<boolean> {
    const ends = await Promise.all(this.#iterators.map(async (iterator, index) => {
      for (let i = 0; i < count; i++) {
        const { done, value } = await iterator.next();
        if (done) return true;
        this.got[index].push(value);
      }
      return false;
    }));
    return ends.every((hasEnded) => hasEnded);
  }

  /** The k-th elements are neighbours, and as many of both. */
  check(): void {
    const [first, second] = this.got;
    assertEquals(first.length, second.length);
    first.forEach((value, k) => assertEquals([value % 2, second[k]], [0, value + 1], `element ${k}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#iterators.map((iterator) => iterator.return?.()));
  }
}

Deno.test("a dispatcher that starts again in the middle: consumers stay in step, to the end", async () => {
  await using cluster = await RestartableCluster.start({ workers: 2 });
  await using pair = new Pair(cluster, Dataset.range(2_001));
  await pair.take(50);
  await cluster.restartDispatcher();
  await pair.take(50);
  await cluster.restartDispatcher();
  assertEquals(await pair.take(Infinity), true);
  pair.check();
  assertEquals(pair.got[0].length, 2_000);
  const { iterations } = cluster.dispatcher.status();
  assertEquals(iterations.map(({ finished, numDropped }) => [finished, numDropped]), [[true, 2]]);
});

Deno.test("a worker that joins after the dispatcher has started again is read by both from one round on", async () => {
  await using cluster = await RestartableCluster.start();
  await using pair = new Pair(cluster, Dataset.range(1_000_000_000).repeat(), { maxOutstandingRequests: 4 });
  await pair.take(10);
  await cluster.restartDispatcher();
  await cluster.addWorker();
  await cluster.restartDispatcher(); // While it waits to join, perhaps.
  const zeros = () => pair.got[0].filter((value) => value === 0).length;
  for (let round = 0; round < 1_000 && zeros() < 2; round++) await pair.take(5);
  assertEquals(zeros(), 2);
  pair.check();
});

Deno.test("data that end while the dispatcher is away end for both once it is back", async () => {
  await using cluster = await RestartableCluster.start();
  await using pair = new Pair(cluster, Dataset.range(101));
  await pair.take(1);
  const { address } = cluster.dispatcher;
  await cluster.dispatcher.stop();
  assertEquals(await pair.take(49), false);
  const ending = pair.take(1);
  await cluster.restartDispatcher();
  assertEquals(cluster.dispatcher.address, address);
  assertEquals(await ending, true);
  pair.check();
  assertEquals(cluster.dispatcher.status().jobs.map(({ numDropped }) => numDropped), [1]);
});

Deno.test("a worker that begins anew at the end of the data of one consumer ends there for the other, too", async () => {
  await using cluster = await RestartableCluster.start();
  const { fetch } = globalThis;
  let isCut = false;
  // The second consumer hears nothing of the last rounds from the worker's first run.
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const isElement = new URL(request.url).pathname.endsWith("/GetElement");
    const response = await fetch(request);
    if (!isElement || !isCut) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    lost++;
    if (lost % 2 === 0) throw new TypeError("The connection broke");
    return new Response(bytes, response);
  };
  let lost = 0;
  try {
    await using pair = new Pair(cluster, Dataset.range(400), { maxOutstandingRequests: 8 });
    await pair.take(180);
    isCut = true;
    const ending = pair.take(Infinity);
    await until(() => lost >= 6, "answers were lost");
    await cluster.restartWorker();
    isCut = false;
    assertEquals(await ending, true);
    assertEquals(pair.got[0].length, pair.got[1].length);
    assert(pair.got[0].length >= 200);
    pair.got[0].forEach((value, k) => assertEquals(value % 2, 0, `element ${k}`));
    pair.got[1].forEach((value, k) => assertEquals(value % 2, 1, `element ${k}`));
  } finally {
    globalThis.fetch = fetch;
  }
});
