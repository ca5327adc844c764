import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  SluiceError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { decodeValue, encodeConsumed, encodeValue } from "../../src/element/mod.ts";
import { Compression } from "../../src/gen/sluice/v1/dataset_pb.ts";
import { DeploymentMode, TargetWorkers } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { checkNode, parseGraph, serializeGraph, ShardingPolicy } from "../../src/graph/mod.ts";
import { Cluster, files, range } from "./cluster.ts";

Deno.test("a dataset's definition and metadata come back as they were registered", async () => {
  await using cluster = await Cluster.start();
  const graph = serializeGraph(range(7));
  const { datasetId } = await cluster.client.getOrRegisterDataset({
    dataset: { format: "sluice", graph },
    metadata: {
      elementSpec: encodeValue({ kind: "number" }),
      compression: Compression.ZSTD,
      cardinality: -1n,
    },
    requestId: cluster.requestId(),
  });
  const { dataset } = await cluster.client.getDatasetDef({ datasetId });
  assertEquals([dataset!.format, dataset!.graph], ["sluice", graph]);
  const { metadata } = await cluster.client.getDataServiceMetadata({ datasetId });
  assertEquals([metadata!.compression, metadata!.cardinality], [Compression.ZSTD, -1n]);
  assertEquals(decodeValue(metadata!.elementSpec), { kind: "number" });
});

Deno.test("metadata that nobody gave says that nothing is known", async () => {
  await using cluster = await Cluster.start();
  const { datasetId } = await cluster.client.getOrRegisterDataset({
    dataset: { format: "sluice", graph: serializeGraph(range(7)) },
    requestId: cluster.requestId(),
  });
  const { metadata } = await cluster.client.getDataServiceMetadata({ datasetId });
  assertEquals([metadata!.elementSpec.length, metadata!.cardinality], [0, -2n]);
});

Deno.test("an explicit id is registered once, and refused for another structure", async () => {
  await using cluster = await Cluster.start();
  const register = (cardinality: bigint) =>
    cluster.client.getOrRegisterDataset({
      dataset: { format: "sluice", graph: serializeGraph(range(7)) },
      metadata: { cardinality },
      datasetId: "mine",
      requestId: cluster.requestId(),
    });
  assertEquals((await register(7n)).datasetId, "mine");
  assertEquals((await register(7n)).datasetId, "mine");
  await assertRejects(
    () => register(8n),
    InvalidArgumentError,
    'Datasets with the same ID should have the same structure, but for "mine" existing cardinality: 7; got 8',
  );
});

Deno.test("the deployment mode is told", async () => {
  await using cluster = await Cluster.start({ deploymentMode: "colocated" });
  const { deploymentMode } = await cluster.client.getDataServiceConfig({});
  assertEquals(deploymentMode, DeploymentMode.COLOCATED);
});

Deno.test("a dataset that is not registered is not found, by whatever request", async () => {
  await using cluster = await Cluster.start();
  const datasetId = "UnregisteredID";
  const requests = [
    () => cluster.client.getDatasetDef({ datasetId }),
    () => cluster.client.getDataServiceMetadata({ datasetId }),
    () => cluster.client.getOrCreateJob({ datasetId, requestId: cluster.requestId() }),
  ];
  for (const request of requests) {
    await assertRejects(request, NotFoundError, "Dataset id UnregisteredID not found");
  }
});

Deno.test("a reader that joins gets its tasks at once, and the workers theirs", async () => {
  await using cluster = await Cluster.start();
  const pushed: bigint[] = [];
  cluster.workers.set("a:1", {
    processTask({ task }) {
      pushed.push(task!.taskId);
      assertEquals(parseGraph(task!.dataset!.graph).root.op, "range");
      return {};
    },
  });
  await cluster.heartbeat("a:1");
  const { iterationClientId, state } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  assertEquals(iterationClientId, 3000n);
  assertEquals(state!.tasks.map((task) => [task.taskId, task.workerAddress, task.workerUid, task.finished]), [
    [4000n, "a:1", "uid", false],
  ]);
  assertEquals(pushed, [4000n], "the task is there before the reader is told of it");
});

Deno.test("a reader that joins is told the addresses that the worker named for its task", async () => {
  await using cluster = await Cluster.start();
  const dataAddresses = ["unix:/run/task.sock", "http://a:7001"];
  cluster.workers.set("a:1", { processTask: () => ({ dataAddresses }) });
  cluster.workers.set("odd:1", { processTask: () => ({ dataAddresses: ["two words"] }) });
  await cluster.heartbeat("a:1");
  await cluster.heartbeat("odd:1");
  const { state } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  assertEquals(state!.tasks.map((task) => [task.workerAddress, task.dataAddresses]), [
    ["a:1", dataAddresses],
    ["odd:1", []],
  ]);
});

Deno.test("a worker that cannot be reached, or hangs, does not keep readers from the others", async () => {
  await using cluster = await Cluster.start();
  const hanging = Promise.withResolvers<void>();
  cluster.workers.set("hangs:1", {
    async processTask() {
      await hanging.promise;
      return {};
    },
  });
  await cluster.heartbeat("gone:1");
  await cluster.heartbeat("hangs:1");
  const joining = cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.clock.advance(250);
  assertEquals((await joining).state!.tasks.length, 2);
  const { newTasks } = await cluster.heartbeat("gone:1");
  assertEquals(newTasks.map((task) => task.taskId), [4000n], "its next heartbeat makes up for it");
  hanging.resolve();
});

Deno.test("a large definition does not travel with the task", async () => {
  await using cluster = await Cluster.start();
  const large = checkNode({ op: "fromArray", inputs: [], items: ["x".repeat(70_000)] });
  await cluster.join(await cluster.job(ShardingPolicy.OFF, large));
  const { newTasks: [task] } = await cluster.heartbeat("a:1");
  assertEquals(task.dataset, undefined);
  const { dataset } = await cluster.client.getDatasetDef({ datasetId: task.datasetId });
  assertEquals(dataset!.graph, serializeGraph(large));
});

Deno.test("many definitions at once do not outgrow the message", async () => {
  await using cluster = await Cluster.start();
  const sizeable = checkNode({ op: "fromArray", inputs: [], items: ["x".repeat(60_000)] });
  const job = await cluster.job(ShardingPolicy.OFF, sizeable);
  for (let repetition = 0n; repetition < 80n; repetition++) await cluster.join(job, repetition);
  const { newTasks } = await cluster.heartbeat("a:1");
  const inline = newTasks.filter((task) => task.dataset).length;
  assertEquals([newTasks.length, inline > 60, inline < 75], [80, true, true]);
});

Deno.test("a static task says which shard of how many", async () => {
  await using cluster = await Cluster.start({ workerAddresses: ["a", "b:%port%"] });
  await cluster.join(await cluster.job(ShardingPolicy.DATA));
  const { newTasks: [task], workerTimeoutMs } = await cluster.heartbeat("b:1");
  assertEquals([task.numWorkers, task.workerIndex, task.shardingPolicy as number], [
    2,
    1,
    ShardingPolicy.DATA,
  ]);
  assertEquals(workerTimeoutMs, 60_000n);
});

Deno.test("splits of a range come until its end", async () => {
  await using cluster = await Cluster.start();
  await cluster.heartbeat("a:1");
  await cluster.join(await cluster.job(ShardingPolicy.DYNAMIC, range(3)));
  const indexes: number[] = [];
  for (let requestId = 1n;; requestId++) {
    const { splits, endOfSplits } = await cluster.client.getSplit({
      iterationId: 2000n,
      taskId: 4000n,
      requestId,
    });
    for (const { start, end } of splits) {
      for (let i = start; i < end; i++) indexes.push(Number(i));
    }
    if (endOfSplits) break;
  }
  assertEquals(indexes, [0, 1, 2]);
});

Deno.test("files are listed when the iteration begins, once for readers that come together", async () => {
  const listed: (readonly string[])[] = [];
  await using cluster = await Cluster.start({
    listFiles(patterns) {
      listed.push(patterns);
      return Promise.resolve(["a.txt", "b.txt"]);
    },
  });
  await cluster.heartbeat("a:1");
  const job = await cluster.job(ShardingPolicy.DYNAMIC, files(["*.txt"]), "shared");
  await Promise.all([cluster.join(job), cluster.join(job)]);
  assertEquals(listed, [["*.txt"]]);
  assertEquals(cluster.dispatcher.status().iterations.length, 1);
  const { splits } = await cluster.client.getSplit({ iterationId: 2000n, taskId: 4000n, requestId: 1n });
  assertEquals(splits.map(({ start, end, names }) => [start, end, names]), [[0n, 1n, ["a.txt"]]]);
});

Deno.test("an error of the listing fails the reader, and the next one tries again", async () => {
  let missing = true;
  await using cluster = await Cluster.start({
    listFiles: () =>
      missing ? Promise.reject(new NotFoundError('Cannot list "x": no such file')) : Promise.resolve([]),
  });
  const job = await cluster.job(ShardingPolicy.DYNAMIC, files(["x"]));
  await assertRejects(() => cluster.join(job), NotFoundError, 'Cannot list "x": no such file');
  assertEquals(cluster.dispatcher.status().iterations, []);
  missing = false;
  await cluster.join(job);
});

Deno.test("a dataset that cannot be divided fails the reader with the operator's name", async () => {
  await using cluster = await Cluster.start();
  const remote = checkNode({
    op: "dataService",
    inputs: [range(3)],
    options: {
      service: "http://localhost:1",
      shardingPolicy: 0,
      datasetId: null,
      jobName: null,
      consumerIndex: null,
      numConsumers: null,
      maxOutstandingRequests: null,
      compression: "AUTO",
      trainerId: null,
      targetWorkers: "AUTO",
      taskRefreshIntervalMs: 1_000,
      dispatcherTimeoutMs: 1_000,
      exactlyOnce: false,
    },
  });
  const job = await cluster.job(ShardingPolicy.DYNAMIC, remote);
  const error = await assertRejects(() => cluster.join(job), SluiceError);
  assertMatch(error.message, /DataServiceDataset/);
});

Deno.test("a whole pass: read, finish, late joiner, leave", async () => {
  await using cluster = await Cluster.start();
  await cluster.heartbeat("a:1");
  const job = await cluster.job(ShardingPolicy.OFF, range(3), "shared");
  const { iterationClientId } = await cluster.join(job);
  assertEquals((await cluster.client.clientHeartbeat({ iterationClientId })).iterationFinished, false);
  await cluster.client.workerUpdate({ workerAddress: "a:1", completedTasks: [4000n] });
  const view = await cluster.client.clientHeartbeat({ iterationClientId });
  assertEquals([view.iterationFinished, view.tasks[0].finished], [true, true]);
  const late = await cluster.join(job);
  assertEquals([late.state!.iterationFinished, late.state!.tasks], [true, []]);
  await cluster.client.releaseIterationClient({ iterationClientId });
  await cluster.client.releaseIterationClient({ iterationClientId: late.iterationClientId });
  assertEquals((await cluster.heartbeat("a:1", [4000n])).tasksToDelete, [4000n]);
  await cluster.client.unregisterWorker({ workerAddress: "a:1", workerUid: "uid" });
  assertEquals((await cluster.client.getWorkers({})).workers, []);
  assertEquals(cluster.dispatcher.status(), {
    datasets: [{ id: "1000", format: "sluice", bytes: serializeGraph(range(3)).length }],
    jobs: [{
      id: 5000,
      name: "shared",
      datasetId: "1000",
      processingMode: "OFF",
      guarantee: "none",
      compression: { asked: "AUTO", streams: {} },
      numSkipped: 0,
    }],
    iterations: [{ id: 2000, jobId: 5000, repetition: 0, finished: true, clients: 0, numSkipped: 0 }],
    tasks: [{ id: 4000, iterationId: 2000, workerAddress: "a:1", finished: true }],
    workers: [],
    clients: [],
  });
});

Deno.test("named jobs that differ are refused over the wire too", async () => {
  await using cluster = await Cluster.start();
  await cluster.job(ShardingPolicy.OFF, range(3), "shared");
  await assertRejects(
    () => cluster.job(ShardingPolicy.DYNAMIC, range(3), "shared"),
    InvalidArgumentError,
    "Tried to create job with name shared, but found an existing job with different parameters: " +
      "Existing processing mode: <OFF>; got <DYNAMIC>",
  );
});

Deno.test("fields out of their range are refused by name", async () => {
  await using cluster = await Cluster.start();
  const { client } = cluster;
  const heartbeat = { workerAddress: "a:1", workerUid: "u", formats: ["sluice"] };
  const requestId = "0123456789abcdef";
  const huge = 1n << 60n;
  const cases: [request: () => Promise<unknown>, words: string][] = [
    [() => client.workerHeartbeat({ ...heartbeat, workerAddress: "" }), "`workerAddress` must not be empty"],
    [
      () => client.workerHeartbeat({ ...heartbeat, workerAddress: "a b" }),
      '`workerAddress` must be an address such as "host:port", got "a b"',
    ],
    [() => client.workerHeartbeat({ ...heartbeat, workerUid: "" }), "`workerUid` must not be empty"],
    [
      () => client.workerHeartbeat({ ...heartbeat, workerUid: "u".repeat(65) }),
      "`workerUid` must have 1 to 64 characters, got 65",
    ],
    [
      () => client.workerHeartbeat({ ...heartbeat, taskAddresses: [{ taskId: 1n, dataAddresses: [""] }] }),
      "`taskAddresses[0].dataAddresses[0]` must not be empty",
    ],
    [
      () =>
        client.workerHeartbeat({
          ...heartbeat,
          taskAddresses: [{ taskId: 1n, dataAddresses: Array(9).fill("a:1") }],
        }),
      "`taskAddresses[0].dataAddresses` must have at most 8 items, got 9",
    ],
    [() => client.workerHeartbeat({ ...heartbeat, formats: [] }), "`formats` must not be empty"],
    [() => client.workerHeartbeat({ ...heartbeat, formats: [""] }), "`formats[0]` must not be empty"],
    [
      () => client.workerHeartbeat({ ...heartbeat, currentTasks: [huge] }),
      "`currentTasks[0]` must be from 0 to 9007199254740991",
    ],
    [
      () => client.workerUpdate({ workerAddress: "a:1", completedTasks: [huge] }),
      "`completedTasks[0]` must be from 0",
    ],
    [() => client.unregisterWorker({ workerAddress: "a:1" }), "`workerUid` must not be empty"],
    [() => client.getDatasetDef({}), "`datasetId` must not be empty"],
    [
      () => client.getSplit({ iterationId: 1n, taskId: 1n, requestId: 0n }),
      "`requestId` must be from 1",
    ],
    [() => client.getOrRegisterDataset({ requestId }), "`dataset` must be given"],
    [
      () => client.getOrRegisterDataset({ requestId, dataset: { format: "sluice" } }),
      "`dataset.graph` must have 1 to 268435456 bytes, got 0",
    ],
    [
      () => client.getOrRegisterDataset({ requestId, dataset: { format: "x", graph: new Uint8Array(1) } }),
      'Cannot take a dataset of format "x"',
    ],
    [
      () =>
        client.getOrRegisterDataset({
          requestId,
          dataset: { format: "sluice", graph: serializeGraph(range(1)) },
          metadata: { cardinality: -3n },
        }),
      "`metadata.cardinality` must be from -2",
    ],
    [
      () =>
        client.getOrRegisterDataset({
          requestId: "short",
          dataset: { format: "sluice", graph: new Uint8Array(1) },
        }),
      "`requestId` must have 16 to 64 characters, got 5",
    ],
    [
      () => client.getOrCreateJob({ requestId, datasetId: "1", shardingPolicy: 9 as number }),
      "`shardingPolicy` must be one of 0 (OFF), 1 (DYNAMIC), 2 (FILE), 3 (DATA), 4 (FILE_OR_DATA), 5 (HINT), got 9",
    ],
    [
      () => client.getOrCreateJob({ requestId, datasetId: "1", targetWorkers: 7 as TargetWorkers }),
      "`targetWorkers` must be one of 0",
    ],
    [() => client.getOrCreateJob({ requestId, datasetId: "1", jobName: "" }), "`jobName` must not be empty"],
    [
      () => client.getOrCreateJob({ requestId, datasetId: "1", numConsumers: 2 }),
      "`jobName` must be set when setting `numConsumers`",
    ],
    [
      () => client.getOrCreateJob({ requestId, datasetId: "1", jobName: "j", numConsumers: 0 }),
      "`numConsumers` must be 1 or more, got 0",
    ],
    [
      () => client.getOrCreateIteration({ requestId, jobId: huge }),
      "`jobId` must be from 0 to 9007199254740991",
    ],
    [() => client.releaseIterationClient({ iterationClientId: huge }), "`iterationClientId` must be from 0"],
    [() => client.clientHeartbeat({ iterationClientId: huge }), "`iterationClientId` must be from 0"],
  ];
  for (const [request, words] of cases) {
    const error = await assertRejects(request, InvalidArgumentError, words);
    assertMatch(error.message, /[^.]$/);
  }
  assertEquals(cluster.dispatcher.status().workers, []);
});

Deno.test("tags are refused as a worker's configuration, not as a call", async () => {
  await using cluster = await Cluster.start();
  const request = { workerAddress: "a:1", workerUid: "u", formats: ["sluice"], workerTags: [""] };
  await assertRejects(
    () => cluster.client.workerHeartbeat(request),
    FailedPreconditionError,
    "Worker tags cannot be empty",
  );
});

Deno.test("outside of serving every request but GetVersion is unavailable", async () => {
  const cluster = new Cluster();
  const refused = async (state: string) => {
    const requests = [
      () => cluster.heartbeat("a:1"),
      () => cluster.client.getWorkers({}),
      () => cluster.client.getDataServiceConfig({}),
      () => cluster.dataset(),
      () => cluster.join(1n),
    ];
    for (const request of requests) {
      await assertRejects(
        request,
        UnavailableError,
        `Dispatcher has not started yet. Its state is "${state}"`,
      );
    }
    assertEquals((await cluster.client.getVersion({})).version, 1);
  };
  await refused("new");
  await cluster.dispatcher.start();
  await cluster.heartbeat("a:1");
  await cluster.dispatcher.stop();
  await refused("stopped");
});

Deno.test("the status says that an iteration recovers when it has lost something, and not when nobody is there to begin", async () => {
  await using cluster = await Cluster.start();
  const recovering = () => cluster.dispatcher.status().iterations.map((iteration) => iteration.recovering);
  const jobId = await cluster.job(ShardingPolicy.DYNAMIC, range(16));
  const { iterationClientId } = await cluster.join(jobId);
  assertEquals(recovering(), [undefined]);
  const { newTasks: [{ taskId, iterationId }] } = await cluster.heartbeat("a:1");
  assertEquals(recovering(), [undefined]);
  const split = { iterationId, taskId, sourceIndex: 0, repetition: 0n, requestId: 1n };
  await cluster.client.getSplit(split);
  await cluster.client.drainWorker({ workerAddress: "a:1" });
  assertEquals(recovering(), [true]);
  await cluster.client.clientHeartbeat({ iterationClientId, leftTasks: [taskId] });
  assertEquals(recovering(), [true]);
  const { newTasks: [task] } = await cluster.heartbeat("b:1");
  for (let requestId = 1n; requestId <= 16n; requestId++) {
    await cluster.client.getSplit({ ...split, taskId: task.taskId, requestId });
  }
  assertEquals(recovering(), [undefined]);
});

Deno.test("recovery over the wire: consumption, lost tasks, labelled splits, the end of a drained worker", async () => {
  await using cluster = await Cluster.start();
  const { client } = cluster;
  for (const address of ["a:1", "b:1"]) await cluster.heartbeat(address);
  const jobId = await cluster.job(ShardingPolicy.DYNAMIC, range(16));
  const { iterationClientId, iterationKey, state } = await cluster.join(jobId);
  assertMatch(iterationKey, /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{16}$/);
  assertEquals([state!.numReaders, state!.recovering], [1, false]);
  const [taskId, otherId] = state!.tasks.map((task) => task.taskId);
  const { newTasks: [task] } = await cluster.heartbeat("a:1");
  assertEquals([task.tracksProvenance, task.firstElement], [true, 0n]);
  const seed = parseInt(iterationKey.slice(0, 8), 16);
  assertEquals([task.seed, (await cluster.heartbeat("b:1")).newTasks[0].seed], [seed, seed]);
  const ask = (taskId: bigint, requestId: bigint) =>
    client.getSplit({ iterationId: task.iterationId, taskId, sourceIndex: 0, repetition: 0n, requestId });
  await ask(taskId, 1n); // 0..4
  const part = (start: number, end: number) =>
    encodeConsumed([{ source: 0, repetition: 0, ranges: [{ start, end }], partial: [] }]);
  await client.clientHeartbeat({ iterationClientId, consumed: [{ taskId, consumed: part(0, 1) }] });

  await client.drainWorker({ workerAddress: "a:1" });
  const drained = await cluster.heartbeat("a:1", [taskId]);
  assertEquals([drained.drain, drained.tasksToDelete, drained.newTasks], [true, [taskId], []]);
  const lost = await client.clientHeartbeat({ iterationClientId });
  assertEquals([lost.lostTasks, lost.recovering, lost.tasks.map((task) => task.taskId)], [[taskId], true, [
    otherId,
  ]]);
  const after = await client.clientHeartbeat({
    iterationClientId,
    consumed: [{ taskId, consumed: part(1, 2) }],
    leftTasks: [taskId],
    knownTasksTag: lost.tasksTag,
  });
  assertEquals([after.lostTasks, after.recovering, after.tasks.length], [[], true, 2]);
  const { splits: [split] } = await ask(otherId, 1n);
  assertEquals([split.start, split.end, split.repetition, split.consumed.length], [2n, 3n, 0n, 0]);
  await client.releaseIterationClient({
    iterationClientId,
    consumed: [{ taskId: otherId, consumed: part(2, 3) }],
  });
  await assertRejects(
    () =>
      client.clientHeartbeat({ iterationClientId, consumed: [{ taskId, consumed: new Uint8Array([255]) }] }),
    InvalidArgumentError,
    "`consumed[0].consumed` must be a set of source elements",
  );
  await assertRejects(
    () => client.drainWorker({ workerAddress: "c:1" }),
    NotFoundError,
    "Worker c:1 not found",
  );
});
