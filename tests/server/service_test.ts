import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  Dataset,
  DispatchServer,
  distribute,
  FailedPreconditionError,
  fromDatasetId,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  registerDataset,
  ShardingPolicy,
  UnavailableError,
  WorkerServer,
} from "../../mod.ts";
import { startCluster, until } from "../support/cluster.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const sorted = (values: number[]) => values.toSorted((a, b) => a - b);

Deno.test("OFF: one worker gives the whole dataset in order", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10).apply(cluster.distribute());
  assertEquals(await dataset.toArray(), numbers(10));
});

Deno.test("OFF: a reader of two workers sees each element twice", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(1000).apply(cluster.distribute());
  assertEquals(sorted(await dataset.toArray()), sorted([...numbers(1000), ...numbers(1000)]));
});

Deno.test("DYNAMIC: workers share the elements, each comes once", async () => {
  await using cluster = await startCluster({ workers: 3 });
  const dataset = Dataset.range(20_000).apply(cluster.distribute({ processingMode: ShardingPolicy.DYNAMIC }));
  assertEquals(sorted(await dataset.toArray()), numbers(20_000));
});

Deno.test("DYNAMIC: a repeat on either side of the service gives every element once a pass", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const mode = { processingMode: "distributed_epoch" } as const;
  const inside = Dataset.range(20).repeat(5).apply(cluster.distribute(mode));
  const outside = Dataset.range(20).apply(cluster.distribute(mode)).repeat(5);
  const five = sorted([1, 2, 3, 4, 5].flatMap(() => numbers(20)));
  assertEquals(sorted(await inside.toArray()), five);
  assertEquals(sorted(await outside.toArray()), five);
});

Deno.test("an endless dataset is read as far as one likes, and leaving frees the tasks", async () => {
  await using cluster = await startCluster({ dispatcher: { jobGcCheckIntervalMs: 20, jobGcTimeoutMs: 0 } });
  const dataset = Dataset.range(100).repeat().apply(cluster.distribute());
  let read = 0;
  for await (const value of dataset) {
    assertEquals(value, read % 100);
    if (++read === 1000) break;
  }
  assertEquals(cluster.dispatcher.status().clients, []);
  await until(() => cluster.workers[0].numTasks() === 0, "the worker's task is deleted");
});

Deno.test("each pass over a dataset object is a repetition of one job", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(3).apply(cluster.distribute());
  for (let pass = 0; pass < 4; pass++) assertEquals(await dataset.toArray(), numbers(3));
  assertEquals(cluster.dispatcher.status().jobs.length, 1);
});

Deno.test("readers that give one job name share its elements", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const options = { processingMode: "distributed_epoch", jobName: "shared" } as const;
  const first = Dataset.range(5000).apply(cluster.distribute(options));
  const second = Dataset.range(5000).apply(cluster.distribute(options));
  const parts = await Promise.all([first.toArray(), second.toArray()]);
  assertEquals(sorted(parts.flat()), numbers(5000));
});

Deno.test("a reader that comes after the end of a shared job's pass gets nothing, then the next pass", async () => {
  await using cluster = await startCluster();
  const first = Dataset.range(10).apply(cluster.distribute({ jobName: "job" }));
  const second = Dataset.range(10).apply(cluster.distribute({ jobName: "job" }));
  assertEquals([await first.toArray(), await second.toArray()], [numbers(10), []]);
  assertEquals([await second.toArray(), await first.toArray()], [numbers(10), []]);
});

for (const isolation of ["none", "process"] as const) {
  Deno.test(`a reader that leaves early: those that have had everything else get its rest, isolation ${isolation}`, async () => {
    await using cluster = await startCluster({ worker: { isolation } });
    const options = { processingMode: "distributed_epoch", jobName: "shared" } as const;
    const dataset = Dataset.range(2_000).apply(cluster.distribute<number>(options));
    const leaving = dataset.reader();
    const read = [(await leaving.next()).value!]; // It holds a begun block now, the only one where nobody is slow.
    for (let i = 1; i < 700; i++) read.push((await leaving.next()).value!);
    // What others may give back is waited for a second only.
    const staying = Dataset.range(2_000).apply(cluster.distribute<number>(options)).reader();
    const first = staying.next();
    await leaving.return!();
    read.push((await first).value!);
    for await (const value of staying) read.push(value);
    assertEquals(sorted(read), numbers(2_000));
    assertEquals(cluster.dispatcher.status().iterations.map(({ finished }) => finished), [true]);
  });
}

Deno.test("what a reader leaves after all others have ended waits for the next one", async () => {
  await using cluster = await startCluster();
  const options = { processingMode: "distributed_epoch", jobName: "shared" } as const;
  const make = () => Dataset.range(2_000).apply(cluster.distribute<number>(options));
  const leaving = make().reader();
  const read = [(await leaving.next()).value!]; // It holds a begun block now, the only one where nobody is slow.
  read.push(...await make().toArray()); // Another reader is not kept waiting for ever.
  await leaving.return!();
  const isAll = read.length === 2_000;
  assertEquals(cluster.dispatcher.status().iterations.map(({ finished }) => finished), [isAll]);
  assertEquals(sorted([...read, ...await make().toArray()]), numbers(2_000));
  assertEquals(cluster.dispatcher.status().iterations.map(({ finished }) => finished), [true]);
});

Deno.test("a shared job that is repeated: sixty from each, then the rest", async () => {
  await using cluster = await startCluster();
  const readers = [1, 2].map(() =>
    Dataset.range(100).apply(cluster.distribute({ jobName: "job" })).repeat(3)
  );
  const iterators = readers.map((dataset) => dataset[Symbol.asyncIterator]());
  const read: number[] = [];
  for (const iterator of iterators) {
    for (let i = 0; i < 60; i++) read.push((await iterator.next()).value);
  }
  for (const iterator of iterators) for await (const value of iterator) read.push(value);
  assertEquals(sorted(read), sorted([1, 2, 3].flatMap(() => numbers(100))));
});

Deno.test("a worker that joins in the middle gives its copy too", async () => {
  await using cluster = await startCluster();
  const count = 100_000;
  const iterator = Dataset.range(count).apply(cluster.distribute({ maxOutstandingRequests: 1 }))
    [Symbol.asyncIterator]();
  const read = [(await iterator.next()).value];
  await cluster.addWorker();
  for await (const value of iterator) read.push(value);
  assertEquals(read.length, 2 * count);
  assertEquals(sorted(read).filter((value, index) => value !== index >> 1), []);
});

Deno.test("a worker that stops in the middle ends its share, and the iteration does not hang", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(1_000_000).apply(cluster.distribute({ processingMode: "distributed_epoch" }));
  const seen = new Set<number>();
  let stopping: Promise<void> | undefined;
  for await (const value of dataset) {
    assert(!seen.has(value), `${value} came twice`);
    seen.add(value);
    if (seen.size === 1000) stopping = cluster.workers[0].stop();
  }
  await stopping;
  assert(seen.size > 1000);
});

Deno.test("status shows what there is while a reader reads, and that it finished", async () => {
  await using cluster = await startCluster();
  const iterator = Dataset.range(10).apply(cluster.distribute())[Symbol.asyncIterator]();
  await iterator.next();
  const during = cluster.dispatcher.status();
  assertEquals(
    [
      during.datasets.length,
      during.jobs.length,
      during.iterations.length,
      during.tasks.length,
      during.clients.length,
    ],
    [1, 1, 1, 1, 1],
  );
  assertEquals([during.iterations[0].finished, during.iterations[0].repetition], [false, 0]);
  assertEquals(during.tasks[0].workerAddress, cluster.workers[0].address);
  for await (const _ of iterator);
  const after = cluster.dispatcher.status();
  assertEquals([after.iterations.map((i) => i.finished), after.clients], [[true], []]);
});

Deno.test("a registered dataset is read by its id", async () => {
  await using cluster = await startCluster();
  const datasetId = await registerDataset(cluster.service, Dataset.range(10).map((x) => x + 1), {
    datasetId: "plus",
  });
  assertEquals(datasetId, "plus");
  const dataset = fromDatasetId<number>({
    processingMode: "parallel_epochs",
    service: cluster.service,
    datasetId,
  });
  assertEquals(await dataset.toArray(), numbers(10).map((x) => x + 1));
  const unknown = fromDatasetId({
    processingMode: "parallel_epochs",
    service: cluster.service,
    datasetId: "nobody",
  });
  await assertRejects(() => unknown.toArray(), NotFoundError, "Dataset id nobody not found");
});

Deno.test("an error of a user function reaches the reader with operator, element and message; others go on", async () => {
  await using cluster = await startCluster();
  const failing = Dataset.range(10).map((x) => {
    if (x === 7) throw new RangeError("seven is out");
    return x;
  }).apply(cluster.distribute());
  const error = await assertRejects(() => failing.toArray(), InternalError);
  assertStringIncludes(error.message, "map");
  assertStringIncludes(error.message, "7: seven is out");
  assertEquals(await Dataset.range(3).apply(cluster.distribute()).toArray(), numbers(3));
});

Deno.test("a captured variable is refused by name before anything is sent", async () => {
  await using cluster = await startCluster();
  const factor = 3;
  const dataset = Dataset.range(3).map((x) => x * factor);
  assertEquals(await dataset.toArray(), [0, 3, 6]);
  await assertRejects(() => dataset.apply(cluster.distribute()).toArray(), InvalidArgumentError, '"factor"');
  assertEquals(cluster.dispatcher.status().datasets, []);
  const passed = Dataset.range(3).map((x, { captures }) => x * captures.factor, { captures: { factor } });
  assertEquals(await passed.apply(cluster.distribute()).toArray(), [0, 3, 6]);
});

Deno.test("every kind of element comes through", async () => {
  await using cluster = await startCluster();
  const items = [
    { n: 1.5, s: "grüße", b: true, i: 12345678901234567890n, z: null, u: new Uint8Array([1, 2]) },
    { n: -0, s: "", b: false, i: -1n, z: null, u: new Uint8Array() },
  ].map((record) => ({
    ...record,
    t: { dtype: "float32" as const, shape: [2, 1], data: new Float32Array([1, 2]) },
    list: [[1], [2, 3]],
  }));
  assertEquals(await Dataset.fromArray(items).apply(cluster.distribute()).toArray(), items);
  const mixed = [1, "two", [3], { four: 4 }, null];
  assertEquals(await Dataset.fromArray<unknown>(mixed).apply(cluster.distribute()).toArray(), mixed);
});

for (const compression of ["AUTO", "SNAPPY", "ZSTD", "GZIP", null] as const) {
  Deno.test(`compression ${compression} changes nothing that a reader sees`, async () => {
    await using cluster = await startCluster();
    const text = "a text that is quite compressible ".repeat(50);
    const dataset = Dataset.range(500).map((x, { captures }) => `${captures.text}${x}`, {
      captures: { text },
    });
    const read = await dataset.apply(cluster.distribute({ compression })).toArray();
    assertEquals(read, numbers(500).map((x) => text + x));
  });
}

Deno.test("a large element arrives whole", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(3).map((x) => new Float32Array(5_000_000).fill(x)).apply(
    cluster.distribute(),
  );
  let expected = 0;
  for await (const array of dataset) {
    assertEquals([array.length, array[0], array[4_999_999]], [5_000_000, expected, expected]);
    expected++;
  }
  assertEquals(expected, 3);
});

Deno.test("a service can be the source of a pipeline that another service runs", async () => {
  await using first = await startCluster();
  await using second = await startCluster();
  const dataset = Dataset.range(10).apply(first.distribute()).map((x) => x * 2).apply(second.distribute());
  assertEquals(await dataset.toArray(), numbers(10).map((x) => x * 2));
});

/** An address on which nobody listens. */
function closedPort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `127.0.0.1:${listener.addr.port}`;
}

Deno.test("a source that cannot be reached is the reader's error, not a connection to try again", async () => {
  await using cluster = await startCluster();
  const address = closedPort();
  const dataset = Dataset.textLines(`http://${address}/lines.txt`).apply(cluster.distribute());
  await assertRejects(() => dataset.toArray(), UnavailableError, address);
});

Deno.test("a nested service that cannot be reached is the reader's error, after the elements before it", async () => {
  await using cluster = await startCluster();
  const service = closedPort();
  const nested = Dataset.range(5).apply(
    distribute({ processingMode: "parallel_epochs", service, dispatcherTimeoutMs: 100 }),
  );
  const dataset = Dataset.range(3).concatenate(nested).apply(cluster.distribute());
  const read: number[] = [];
  const readAll = async () => {
    for await (const value of dataset) read.push(value);
  };
  await assertRejects(readAll, UnavailableError, service);
  assertEquals(read, [0, 1, 2]);
});

Deno.test("the error of a user's function keeps operator, index, message and its class's name", async () => {
  await using cluster = await startCluster();
  const dataset = Dataset.range(10).map((x) => {
    if (x === 3) throw new RangeError("three is bad");
    return x;
  }).apply(cluster.distribute());
  const error = await assertRejects(() => dataset.toArray(), InternalError, "three is bad");
  assertStringIncludes(error.message, "map element 3");
  assertEquals((error.cause as Error).name, "RangeError");
});

Deno.test("a reader that started before its servers gets its elements", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const dataset = Dataset.range(5).apply(
    distribute({
      processingMode: "parallel_epochs",
      service: `localhost:${port}`,
      taskRefreshIntervalMs: 20,
    }),
  );
  const reading = dataset.toArray();
  await using dispatcher = await DispatchServer.start({ port });
  await using _worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  assertEquals(await reading, numbers(5));
});

Deno.test("a dispatcher that is not there is UnavailableError with its address, whether it refuses or hangs", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hanging = `127.0.0.1:${listener.addr.port}`;
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const refusing = `127.0.0.1:${closed.addr.port}`;
  closed.close();
  for (const service of [hanging, refusing]) {
    const dataset = Dataset.range(5).apply(
      distribute({ processingMode: "parallel_epochs", service, dispatcherTimeoutMs: 300 }),
    );
    await assertRejects(() => dataset.toArray(), UnavailableError, service);
  }
});

Deno.test("an aborted signal ends the wait for a dispatcher at once with its reason", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const service = `127.0.0.1:${listener.addr.port}`;
  const controller = new AbortController();
  const reader = Dataset.range(5).apply(distribute({ processingMode: "parallel_epochs", service })).reader({
    signal: controller.signal,
  });
  const next = reader.next();
  (await listener.accept()).close();
  controller.abort(new RangeError("enough"));
  await assertRejects(() => next, RangeError, "enough");
});

Deno.test("garbage on every path of both servers gets an answer, and they keep serving", async () => {
  await using cluster = await startCluster();
  const paths: [string, string][] = [
    [cluster.service, "sluice.v1.DispatcherService/GetOrCreateJob"],
    [cluster.service, "sluice.v1.DispatcherService/WorkerHeartbeat"],
    [cluster.service, "sluice.v1.DispatcherService/GetOrRegisterDataset"],
    [`http://${cluster.workers[0].address}`, "sluice.v1.WorkerService/ProcessTask"],
    [`http://${cluster.workers[0].address}`, "sluice.v1.WorkerService/GetElements"],
    [cluster.service, "nowhere"],
  ];
  for (const [server, path] of paths) {
    for (const type of ["application/proto", "application/json", "application/connect+proto", "text/html"]) {
      for (
        const body of [
          new Uint8Array(),
          crypto.getRandomValues(new Uint8Array(1000)),
          new TextEncoder().encode("{}"),
        ]
      ) {
        const response = await fetch(`${server}/${path}`, {
          method: "POST",
          headers: { "content-type": type },
          body,
        });
        assert(response.status < 500 || type === "application/json", `${path} ${type}: ${response.status}`);
        await response.body?.cancel();
      }
    }
  }
  assertEquals(await Dataset.range(10).apply(cluster.distribute()).toArray(), numbers(10));
});

Deno.test("servers start once, stop twice, and do not start again", async () => {
  const dispatcher = new DispatchServer({ port: 0 }, { start: false });
  assertEquals(dispatcher.target, `http://${dispatcher.address}`);
  await dispatcher.start();
  await dispatcher.start();
  const worker = new WorkerServer({ dispatcherAddress: dispatcher.address }, { start: false });
  await worker.start();
  await worker.start();
  assertEquals(dispatcher.status().workers.map(({ address }) => address), [worker.address]);
  for (const server of [worker, dispatcher]) {
    const joined = server.join();
    await server.stop();
    await server.stop();
    await joined;
    await assertRejects(
      () => server.start(),
      FailedPreconditionError,
      "Server cannot be started after it has been stopped",
    );
  }
});

Deno.test("a worker that the allow-list refuses hears it from start()", async () => {
  await using dispatcher = await DispatchServer.start({ workerAddresses: ["elsewhere:%port%"] });
  await assertRejects(
    () => WorkerServer.start({ dispatcherAddress: dispatcher.address }),
    FailedPreconditionError,
    "The worker's address is not configured",
  );
});

Deno.test("the status says which compression was asked for and what streams were compressed with", async () => {
  await using cluster = await startCluster({ workers: 2 });
  const dataset = Dataset.range(20_000);
  await dataset.apply(cluster.distribute({ jobName: "auto" })).toArray();
  await dataset.apply(cluster.distribute({ jobName: "snappy", compression: "SNAPPY" })).toArray();
  await dataset.apply(cluster.distribute({ jobName: "none", compression: null })).toArray();
  await Dataset.range(3).apply(cluster.distribute({ jobName: "tiny", compression: "SNAPPY" })).toArray();
  const datasetId = await registerDataset(cluster.service, dataset);
  const options = { service: cluster.service, processingMode: ShardingPolicy.OFF, datasetId };
  await fromDatasetId<number>({ ...options, jobName: "own wish", compression: "GZIP" }).toArray();
  const shown = cluster.dispatcher.status().jobs.map(({ name, compression }) => [name, compression]);
  assertEquals(Object.fromEntries(shown), {
    auto: { asked: "AUTO", streams: { NONE: 2 } }, // Over loopback nothing is worth its time.
    snappy: { asked: "SNAPPY", streams: { SNAPPY: 2 } },
    none: { asked: "NONE", streams: { NONE: 2 } },
    tiny: { asked: "SNAPPY", streams: { NONE: 2 } }, // A few bytes say nothing.
    [`dataset_id=${datasetId}/own wish`]: { asked: "AUTO", streams: { GZIP: 2 } },
  });
});
