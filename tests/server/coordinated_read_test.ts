/** Coordinated reads over sockets. Numbers in titles are those of the reference's conformance cases. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Dataset,
  distribute,
  type DistributeOptions,
  FailedPreconditionError,
  INFINITE_CARDINALITY,
  InvalidArgumentError,
  UNKNOWN_CARDINALITY,
} from "../../mod.ts";
import { type Cluster, startCluster, until } from "../support/cluster.ts";

const WRAP = 2 ** 32;

/** Groups of `size` consecutive numbers, the first of which begins with 0 on each worker. */
function groups(size: number): Dataset<number> {
  return Dataset.fromArray([0]).concatenate(Dataset.random()).flatMap(
    (x, { captures }) => Array.from({ length: captures.size }, (_, i) => (x * captures.size + i) % 2 ** 32),
    { captures: { size } },
  );
}

/** The consumers of a coordinated read, read in turn: element k comes from consumer k modulo their number. */
class Consumers<T> implements AsyncDisposable {
  readonly #iterators: AsyncIterator<T>[];
  /** What each was asked for already: none of them gets an element before all have asked. */
  readonly #asked: Promise<IteratorResult<T>>[];
  readonly read: T[] = [];

  constructor(
    cluster: Cluster,
    dataset: Dataset<T>,
    count: number,
    options: Partial<DistributeOptions> = {},
  ) {
    this.#iterators = Array.from({ length: count }, (_, consumerIndex) => {
      const coordinated = { jobName: "test", numConsumers: count, consumerIndex, ...options };
      return dataset.apply(cluster.distribute<T>(coordinated))[Symbol.asyncIterator]();
    });
    this.#asked = this.#iterators.map((iterator) => iterator.next());
    for (const asked of this.#asked) asked.catch(() => {});
  }

  /** The next element in turn. */
  async next(): Promise<T> {
    const consumer = this.read.length % this.#iterators.length;
    const { done, value } = await this.#asked[consumer];
    assert(!done, `consumer ${consumer} has ended`);
    this.#asked[consumer] = this.#iterators[consumer].next();
    this.#asked[consumer].catch(() => {});
    this.read.push(value);
    return value;
  }

  async take(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.next();
  }

  /** Reads until `count` elements of all that was read so far are zeros. */
  async untilZeros(count: number): Promise<void> {
    let zeros = this.read.filter((value) => value === 0).length;
    while (zeros < count) if (await this.next() === 0) zeros++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#iterators.map((iterator) => iterator.return?.()));
  }
}

function checkGroups(read: readonly number[], size: number): void {
  for (let start = 0; start + size <= read.length; start += size) {
    const group = read.slice(start, start + size);
    assertEquals(group, group.map((_, i) => (group[0] + i) % WRAP), `group ${start / size}`);
  }
}

/** What each of `count` consumers gets, to the end. */
function readAll<T>(
  cluster: Cluster,
  dataset: Dataset<T>,
  count: number,
  options: Partial<DistributeOptions> = {},
): Promise<T[][]> {
  return Promise.all(
    Array.from({ length: count }, (_, consumerIndex) =>
      dataset.apply(
        cluster.distribute<T>({ jobName: "test", numConsumers: count, consumerIndex, ...options }),
      )
        .toArray()),
  );
}

for (const workers of [1, 3]) {
  for (const count of [1, 2, 5]) {
    Deno.test(`6.2-1: ${count} consumers of ${workers} workers get groups of consecutive elements`, async () => {
      await using cluster = await startCluster({ workers });
      await using consumers = new Consumers(cluster, groups(count), count);
      await consumers.take(100);
      checkGroups(consumers.read, count);
      assertEquals(consumers.read.filter((value) => value === 0).length, workers);
    });
  }
}

Deno.test("6.2-2: a consumer that starts again under the same job is refused", async () => {
  await using cluster = await startCluster();
  await using consumers = new Consumers(cluster, groups(3), 3);
  await consumers.take(20);
  await using again = new Consumers(cluster, groups(3), 3);
  await assertRejects(() => again.next(), FailedPreconditionError, "current round has already reached");
  await consumers.take(20);
  checkGroups(consumers.read, 3);
});

Deno.test("6.2-4, 6.2-5: a finite dataset ends for all consumers in the same round, and the rest is counted", async () => {
  await using cluster = await startCluster();
  const read = await readAll(cluster, Dataset.range(100), 3);
  assertEquals(read.map((values) => values.length), [33, 33, 33]);
  checkGroups(Array.from({ length: 99 }, (_, k) => read[k % 3][Math.floor(k / 3)]), 3);
  const { iterations, jobs } = cluster.dispatcher.status();
  assertEquals(iterations.map(({ finished, numDropped }) => ({ finished, numDropped })), [
    { finished: true, numDropped: 1 },
  ]);
  assertEquals(jobs[0].numDropped, 1);
});

Deno.test("6.2-4: also a dataset of unknown size, one that is empty, and one too short for a round", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const odd = Dataset.range(21).filter((x) => x % 2 === 1);
  const read = await readAll(cluster, odd, 3, { jobName: "odd" });
  assertEquals(read.map((values) => values.toSorted((a, b) => a - b)), [
    [1, 1, 7, 7, 13, 13],
    [3, 3, 9, 9, 15, 15],
    [5, 5, 11, 11, 17, 17],
  ]);
  assertEquals(await readAll(cluster, Dataset.range(0), 2, { jobName: "empty" }), [[], []]);
  assertEquals(await readAll(cluster, Dataset.range(2), 3, { jobName: "short" }), [[], [], []]);
  const dropped = cluster.dispatcher.status().jobs.map(({ name, numDropped }) => [name, numDropped]);
  assertEquals(dropped, [["odd", 2], ["empty", 0], ["short", 4]]);
});

Deno.test("each pass over a coordinated dataset is a pass of all consumers", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const consumers = [0, 1].map((consumerIndex) =>
    Dataset.range(10).apply(cluster.distribute({ jobName: "job", numConsumers: 2, consumerIndex })).repeat(3)
  );
  const [first, second] = await Promise.all(consumers.map((dataset) => dataset.toArray()));
  assertEquals(first.length, 30);
  assertEquals(second, first.map((value) => value + 1));
});

Deno.test("with dynamic sharding the workers share the elements, and every round is one worker's", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const options = { processingMode: "distributed_epoch" } as const;
  const batches = Dataset.range(40).flatMap((x) => [3 * x, 3 * x + 1, 3 * x + 2]);
  const read = await readAll(cluster, batches, 3, options);
  assertEquals(read[1], read[0].map((value) => value + 1));
  assertEquals(read[2], read[0].map((value) => value + 2));
  assertEquals(read.flat().toSorted((a, b) => a - b), Array.from({ length: 120 }, (_, i) => i));
});

Deno.test("6.2-6: the cardinality of a coordinated read is infinite if its input is, else not known", () => {
  const options = { processingMode: "parallel_epochs", service: "localhost:1", jobName: "job" } as const;
  const cluster = { consumerIndex: 0, numConsumers: 2, ...options };
  const read = (dataset: Dataset<number>) => dataset.apply(distribute(cluster)).cardinality;
  assertEquals(read(Dataset.range(10).repeat()), INFINITE_CARDINALITY);
  assertEquals(read(Dataset.range(10)), UNKNOWN_CARDINALITY);
});

for (const added of [1, 3, 10]) {
  Deno.test(`6.3-1: ${added} workers join in rounds that all consumers agree on`, async () => {
    await using cluster = await startCluster({ workers: 3 });
    await using consumers = new Consumers(cluster, groups(7), 7);
    await consumers.take(25);
    for (let i = 0; i < added; i++) await cluster.addWorker();
    await consumers.untilZeros(3 + added);
    await consumers.take(25);
    checkGroups(consumers.read, 7);
  });
}

Deno.test("6.3-2: reading goes on without a worker that stops, and with it when it is back", async () => {
  await using cluster = await startCluster({ workers: 3 });
  await using consumers = new Consumers(cluster, groups(5), 5);
  await consumers.take(20);
  const [, second] = cluster.workers;
  await second.stop();
  await consumers.take(20);
  const port = Number(second.address.split(":")[1]);
  await cluster.addWorker({ port });
  await consumers.untilZeros(4);
  await consumers.take(20);
  checkGroups(consumers.read, 5);
});

Deno.test("the only worker may stop and come back: the consumers wait for it", async () => {
  await using cluster = await startCluster();
  await using consumers = new Consumers(cluster, groups(2), 2);
  await consumers.take(10);
  const port = Number(cluster.workers[0].address.split(":")[1]);
  await cluster.workers[0].stop();
  await cluster.addWorker({ port });
  await consumers.untilZeros(2);
  await consumers.take(10);
  checkGroups(consumers.read, 2);
});

Deno.test("consumers that come before any worker wait for the first one", async () => {
  await using cluster = await startCluster({ workers: 0 });
  const reading = readAll(cluster, Dataset.range(10), 2);
  await until(() => cluster.dispatcher.status().clients.length === 2, "both consumers have joined");
  await cluster.addWorker();
  assertEquals(await reading, [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]);
});

for (const local of [1, 3]) {
  for (const remote of [1, 3]) {
    Deno.test(`6.14-6: tags are of no account to coordinated reads (${local} local, ${remote} remote)`, async () => {
      await using cluster = await startCluster({ workers: local, worker: { workerTags: ["COLOCATED"] } });
      for (let i = 0; i < remote; i++) await cluster.addWorker();
      await using consumers = new Consumers(cluster, groups(4), 4);
      await consumers.take(200);
      checkGroups(consumers.read, 4);
      assertEquals(consumers.read.filter((value) => value === 0).length, local + remote);
    });
  }
}

Deno.test("6.13-13: coordinated reads require non-local workers", async () => {
  await using cluster = await startCluster({ workers: 0 });
  const options = { jobName: "test", numConsumers: 3, consumerIndex: 0, targetWorkers: "LOCAL" } as const;
  assertThrowsInvalid(() => cluster.distribute(options), "Coordinated reads require non-local workers");
  assertThrowsInvalid(
    () => cluster.distribute({ ...options, targetWorkers: "ANY", consumerIndex: 3 }),
    "consumerIndex",
  );
  assertThrowsInvalid(() => cluster.distribute({ numConsumers: 3, jobName: "test" }), "consumerIndex");
  assertThrowsInvalid(
    () => cluster.distribute({ numConsumers: 3, consumerIndex: 0 }),
    "`jobName` must be set",
  );
});

function assertThrowsInvalid(fn: () => unknown, words: string): void {
  try {
    fn();
  } catch (error) {
    assert(error instanceof InvalidArgumentError && error.message.includes(words), String(error));
    return;
  }
  throw new Error("nothing was thrown");
}

Deno.test("a job is read in one way: others are refused by the workers", async () => {
  await using cluster = await startCluster();
  await using _consumers = new Consumers(cluster, groups(2), 2);
  const alone = groups(2).apply(cluster.distribute({ jobName: "test" }))[Symbol.asyncIterator]();
  await assertRejects(() => alone.next(), FailedPreconditionError, "coordinated read");
  const third = groups(2).apply(cluster.distribute({ jobName: "test", numConsumers: 3, consumerIndex: 2 }));
  const iterator = third[Symbol.asyncIterator]();
  await assertRejects(() => iterator.next(), FailedPreconditionError, "2 consumers");
  await iterator.return?.();
  const plain = Dataset.range(10).repeat().apply(cluster.distribute({ jobName: "plain" }))
    [Symbol.asyncIterator]();
  await plain.next();
  const coordinated = { jobName: "plain", numConsumers: 1, consumerIndex: 0 };
  const wrong = Dataset.range(10).repeat().apply(cluster.distribute(coordinated))[Symbol.asyncIterator]();
  await assertRejects(() => wrong.next(), FailedPreconditionError, "not part of a coordinated read");
  await plain.return?.();
});

Deno.test("an error of the pipeline reaches all consumers in the same round, behind what came before", async () => {
  await using cluster = await startCluster();
  const failing = Dataset.range(100).map((x) => {
    if (x === 11) throw new RangeError("eleven is out");
    return x;
  });
  const read = [0, 1].map(async (consumerIndex) => {
    const values: number[] = [];
    const options = { jobName: "test", numConsumers: 2, consumerIndex };
    const iterator = failing.apply(cluster.distribute(options))[Symbol.asyncIterator]();
    await assertRejects(
      async () => {
        for await (const value of iterator) values.push(value);
      },
      Error,
      "eleven is out",
    );
    return values;
  });
  assertEquals(await Promise.all(read), [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]);
});

for (const maxOutstandingRequests of [1, 2, 200]) {
  Deno.test(`consumers keep in step with maxOutstandingRequests ${maxOutstandingRequests}`, async () => {
    await using cluster = await startCluster({ workers: 2 });
    await using consumers = new Consumers(cluster, groups(3), 3, { maxOutstandingRequests });
    await consumers.take(60);
    checkGroups(consumers.read, 3);
  });
}

const lengths = Dataset.random({ seed: 1 }).map((x) => new Float32Array(1 + x % 20).fill(1));

Deno.test("groupByWindow: the batches of one round are of one length bucket", async () => {
  await using cluster = await startCluster({ workers: 2 });
  // A window of 12 sequences is 3 batches: one for each consumer.
  const batches = lengths.map((sequence) => sequence.length).groupByWindow({
    key: (length) => Math.floor(length / 5),
    reduce: (_key, window) => window.batch(4),
    size: 4 * 3,
  });
  await using consumers = new Consumers(cluster, batches, 3);
  await consumers.take(60);
  for (let start = 0; start < 60; start += 3) {
    const round = consumers.read.slice(start, start + 3).flatMap((batch) => [...batch as Iterable<number>]);
    assertEquals(round.length, 12);
    assertEquals(
      new Set(round.map((length) => Math.floor(length / 5))).size,
      1,
      `round ${start / 3} mixes lengths`,
    );
  }
});

Deno.test("bucketBySequenceLength: all consumers get batches of one bucket in each round", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const boundaries = [5, 10, 15];
  const batches = lengths.bucketBySequenceLength({
    length: (sequence) => sequence.length,
    boundaries,
    batchSizes: [8, 8, 8, 8],
    dropRemainder: true,
  }).groupByWindow({
    // Batches of one bucket, as many as there are consumers, come one after the other.
    key: (batch, { captures }) =>
      captures.boundaries.filter((bound) => (batch as { shape: readonly number[] }).shape[1] >= bound).length,
    reduce: (_key, window) => window,
    size: 2,
    captures: { boundaries },
  });
  await using consumers = new Consumers<unknown>(cluster, batches, 2);
  await consumers.take(40);
  const bucket = (batch: unknown) =>
    boundaries.filter((bound) => (batch as { shape: number[] }).shape[1] >= bound).length;
  for (let start = 0; start < 40; start += 2) {
    assertEquals(bucket(consumers.read[start]), bucket(consumers.read[start + 1]), `round ${start / 2}`);
  }
  assert(new Set(consumers.read.map(bucket)).size > 1);
});

/** Reads with two consumers under isolation; says how many more requests passed the worker by than went to it. */
async function requestsPastWorker(
  worker: { relayElements: boolean },
  read: (consumers: Dataset<number>[], pastWorker: () => number) => Promise<void>,
): Promise<number> {
  await using cluster = await startCluster({ worker: { isolation: "process", ...worker } });
  let past = 0;
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const { host, pathname } = new URL(input instanceof Request ? input.url : input);
    if (pathname.endsWith("/GetElement")) {
      // The worker runs here, too: of what it relays, each request is counted on both sides.
      past += host === cluster.workers[0].address ? -1 : 1;
    }
    return fetch(input, init);
  };
  try {
    await read(
      [0, 1].map((consumerIndex) =>
        Dataset.range(1_000_000).apply(
          cluster.distribute<number>({ jobName: "isolated", numConsumers: 2, consumerIndex }),
        )
      ),
      () => past,
    );
  } finally {
    globalThis.fetch = fetch;
  }
  return past;
}

Deno.test("isolation: consumers ask the task's own process as soon as they know where it is", async () => {
  const past = await requestsPastWorker({ relayElements: false }, async (consumers, pastWorker) => {
    const counts = await Promise.all(consumers.map(async (consumer, index) => {
      let count = 0;
      for await (const value of consumer) {
        assertEquals(value, 2 * count++ + index);
        if (pastWorker() >= 20) break;
      }
      return count;
    }));
    assert(Math.min(...counts) > 0);
  });
  assert(past >= 20);
});

Deno.test("isolation: consumers ask the worker where only that may be reached", async () => {
  const past = await requestsPastWorker({ relayElements: true }, async (consumers) => {
    const read = await Promise.all(consumers.map((consumer) => consumer.take(500).toArray()));
    assertEquals(read, [0, 1].map((index) => Array.from({ length: 500 }, (_, i) => 2 * i + index)));
  });
  assert(past <= 0, `${past} requests did not go to the worker`);
});
