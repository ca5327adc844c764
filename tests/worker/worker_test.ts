import { assert, assertEquals, assertRejects } from "@std/assert";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  CanceledError,
  FailedPreconditionError,
  InternalError,
  NotFoundError,
  SluiceError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { ShardingPolicy } from "../../src/gen/sluice/v1/dataset_pb.ts";
import type { GetSplitRequest, WorkerHeartbeatRequest } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { WorkerService } from "../../src/gen/sluice/v1/worker_pb.ts";
import { serializeGraph } from "../../src/graph/mod.ts";
import { mapped, range, taskOf, WorkerHarness } from "./support/worker_harness.ts";
import { elementsOf } from "./support/decode.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("a worker registers with what it is, and takes the tasks of the answer", async () => {
  await using harness = new WorkerHarness(
    { workerHeartbeat: () => ({ newTasks: [taskOf(1n, range(10))] }) },
    { workerTags: ["gpu"] },
  );
  assertEquals(harness.count("workerHeartbeat"), 0);
  await harness.worker.start();
  await harness.worker.start();
  assertEquals(harness.count("workerHeartbeat"), 1);
  const request = harness.calls[0].request as WorkerHeartbeatRequest;
  assertEquals([request.workerAddress, request.workerTags, request.currentTasks, request.formats], [
    "worker:2",
    ["gpu"],
    [],
    ["sluice"],
  ]);
  assertEquals(request.workerUid.length, 32);
  assertEquals(harness.worker.numTasks(), 1);
});

Deno.test("registering is tried again while the dispatcher is away", async () => {
  let away = 3;
  await using harness = new WorkerHarness({
    workerHeartbeat: () => {
      if (away-- > 0) throw new UnavailableError("Dispatcher is not ready");
      return {};
    },
  });
  const started = harness.worker.start();
  await harness.clock.advance(1_000);
  await started;
  assertEquals(harness.count("workerHeartbeat"), 4);
});

Deno.test("a worker that the dispatcher does not want does not start", async () => {
  await using harness = new WorkerHarness({
    workerHeartbeat: () => {
      throw new FailedPreconditionError("The worker's address is not configured");
    },
  });
  await assertRejects(() => harness.worker.start(), FailedPreconditionError, "not configured");
});

Deno.test("a worker that is stopped while it registers gives up, and cannot be started again", async () => {
  const harness = new WorkerHarness({
    workerHeartbeat: () => {
      throw new UnavailableError("away");
    },
  });
  const started = harness.worker.start();
  const rejected = assertRejects(() => started, CanceledError, "shutting down");
  await harness.clock.advance(1);
  await harness.worker.stop();
  await rejected;
  await assertRejects(() => harness.worker.start(), FailedPreconditionError, "has been stopped");
  assertEquals(harness.clock.pending, 0);
});

Deno.test("heartbeats say which tasks there are, and their answers start and end tasks", async () => {
  const answers = [
    { newTasks: [taskOf(1n, range(1))] },
    { newTasks: [taskOf(2n, range(1))], tasksToDelete: [1n] },
    {},
  ];
  await using harness = new WorkerHarness({ workerHeartbeat: () => answers.shift()! });
  await harness.worker.start();
  const waiting = harness.read({ taskId: 2n });
  await assertRejects(() => waiting.toEnd(), UnavailableError, "Task 2 not found");
  await harness.clock.advance(30_000);
  await harness.clock.advance(30_000);
  const current = harness.calls.map(({ request }) => (request as WorkerHeartbeatRequest).currentTasks);
  assertEquals(current, [[], [1n], [2n]]);
  await assertRejects(() => harness.read({ taskId: 1n }).toEnd(), CanceledError, "Task 1");
});

Deno.test("a heartbeat's answer ends the sessions of lost readers", async () => {
  const answers = [{}, { lostClients: [{ taskId: 1n, iterationClientIds: [5n, 6n] }] }];
  await using harness = new WorkerHarness(
    { workerHeartbeat: () => answers.shift() ?? {} },
    { heartbeatIntervalMs: 500 }, // Sooner than the end of the data loses its patience.
  );
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(10)) });
  const lost = harness.read({ taskId: 1n, iterationClientId: 5n, limitSequence: 16n });
  await lost.block();
  const other = harness.read({ taskId: 1n, iterationClientId: 7n, limitSequence: 16n });
  await other.step();
  await harness.clock.advance(500);
  assertEquals(await other.toEnd(), upTo(10));
  const late = { taskId: 1n, iterationClientId: 5n, sessionId: lost.sessionId, takenSequence: 1n };
  await assertRejects(() => harness.client.acknowledgeElements(late), NotFoundError, "Session");
});

Deno.test("heartbeats fit twice into the time after which the worker would count as lost", async () => {
  await using harness = new WorkerHarness({ workerHeartbeat: () => ({ workerTimeoutMs: 1_000n }) });
  await harness.worker.start();
  await harness.clock.advance(500);
  assertEquals(harness.count("workerHeartbeat"), 2);
});

Deno.test("a task is read over either path, with the same elements", async () => {
  await using harness = new WorkerHarness();
  await harness.worker.start();
  const root = mapped(range(1_000), (x) => x * 2);
  await harness.client.processTask({ task: taskOf(1n, root) });
  await harness.client.processTask({ task: taskOf(2n, root) });
  const { tasks } = await harness.client.getWorkerTasks({});
  assertEquals(tasks.map((task) => [task.taskId, task.iterationId]), [[1n, 1n], [2n, 1n]]);
  const doubled = upTo(1_000).map((x) => x * 2);
  const reader = harness.read({ taskId: 1n });
  assertEquals([await reader.toEnd(), reader.ended], [doubled, true]);
  const routed: unknown[] = [];
  let ended = false;
  const transport = createConnectTransport({
    baseUrl: "http://worker:2",
    useBinaryFormat: true,
    fetch: harness.fetch,
  });
  for await (const batch of createClient(WorkerService, transport).getElements({ taskId: 2n })) {
    ended ||= batch.endOfSequence;
    if (batch.count === 0) continue;
    const spec = batch.elementSpec;
    routed.push(...elementsOf([batch.payload], { encoding: "columnar", count: batch.count, spec }));
  }
  assertEquals([routed, ended], [doubled, true]);
});

Deno.test("the dispatcher knows of a completed task before the last acknowledgement is answered", async () => {
  const noted = Promise.withResolvers<void>();
  await using harness = new WorkerHarness({ workerUpdate: () => noted.promise.then(() => ({})) });
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(10)) });
  const reader = harness.read({ taskId: 1n, iterationClientId: 5n, limitSequence: 16n });
  await reader.toEnd();
  assertEquals([harness.count("workerUpdate"), harness.worker.numTasks()], [0, 1]);
  const last = {
    taskId: 1n,
    iterationClientId: 5n,
    sessionId: reader.sessionId,
    takenSequence: BigInt(reader.next),
    limitSequence: 20n,
  };
  let answered = false;
  const answer = harness.client.acknowledgeElements(last).then(() => answered = true);
  await harness.clock.advance(0);
  assertEquals([harness.count("workerUpdate"), harness.worker.numTasks(), answered], [1, 0, false]);
  noted.resolve();
  await answer;
  await harness.client.acknowledgeElements(last);
  assertEquals(harness.count("workerUpdate"), 1);
  const late = harness.read({ taskId: 1n, iterationClientId: 6n, limitSequence: 16n });
  assertEquals([await late.toEnd(), late.ended], [[], true]);
});

Deno.test("the last acknowledgement is to be repeated while the dispatcher is away", async () => {
  let away = true;
  await using harness = new WorkerHarness({
    workerUpdate: () => {
      if (away) throw new UnavailableError("away");
      return {};
    },
  });
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(10)) });
  const reader = harness.read({ taskId: 1n, limitSequence: 16n });
  await reader.toEnd();
  const last = { taskId: 1n, sessionId: reader.sessionId, takenSequence: 1n, limitSequence: 20n };
  await assertRejects(
    () => harness.client.acknowledgeElements(last),
    UnavailableError,
    "task 1 is completed",
  );
  away = false;
  await harness.client.acknowledgeElements(last);
  const before = harness.count("workerUpdate");
  await harness.clock.advance(10_000);
  assertEquals(harness.count("workerUpdate"), before, "once told is enough");
});

Deno.test("an acknowledgement of a session that is not there is an error, unless the reader leaves", async () => {
  await using harness = new WorkerHarness();
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(10)) });
  const unknown = { taskId: 1n, sessionId: "no" };
  await assertRejects(
    () => harness.client.acknowledgeElements(unknown),
    NotFoundError,
    "of task 1 not found",
  );
  await harness.client.acknowledgeElements({ ...unknown, release: true });
  await assertRejects(
    () => harness.client.acknowledgeElements({ ...unknown, taskId: 9n }),
    UnavailableError,
    "Task 9 not found",
  );
});

Deno.test("the error of a user's function reaches the reader with its message", async () => {
  await using harness = new WorkerHarness();
  await harness.worker.start();
  const root = mapped(range(10), (x) => {
    if (x === 3) throw new Error("three is bad");
    return x;
  });
  await harness.client.processTask({ task: taskOf(1n, root) });
  const reader = harness.read({ taskId: 1n, limitSequence: 16n });
  await assertRejects(() => reader.toEnd(), InternalError, "three is bad");
  assertEquals(reader.elements, [0, 1, 2]);
  const { sessionId } = reader;
  const rest = harness.read({
    taskId: 1n,
    sessionId,
    nextSequence: 2n,
    takenSequence: 2n,
    limitSequence: 16n,
  });
  assertEquals(await rest.toEnd(), [4, 5, 6, 7, 8, 9]);
});

Deno.test("a dynamically sharded task leases its splits, again if the dispatcher was away", async () => {
  let away = 2;
  await using harness = new WorkerHarness({
    getSplit: ({ requestId }) => {
      if (requestId === 2n && away-- > 0) throw new UnavailableError("away");
      return requestId === 1n
        ? { splits: [{ start: 2n, end: 4n }, { start: 6n, end: 7n }] }
        : { splits: [{ start: 9n, end: 10n }], endOfSplits: true };
    },
  });
  await harness.worker.start();
  const sharded = { shardingPolicy: ShardingPolicy.DYNAMIC, numSources: 1 };
  await harness.client.processTask({ task: taskOf(4n, range(10), sharded) });
  const reader = harness.read({ taskId: 4n });
  const reading = reader.toEnd();
  await harness.clock.advance(1_000);
  assertEquals(await reading, [2, 3, 6, 9]);
  const asked = harness.calls.filter(({ method }) => method === "getSplit").map(({ request }) => {
    const { iterationId, taskId, sourceIndex, repetition, requestId } = request as GetSplitRequest;
    return [iterationId, taskId, sourceIndex, repetition, requestId];
  });
  assertEquals(asked[0], [1n, 4n, 0, 0n, 1n]);
  assertEquals(asked.map((request) => request.at(-1)), [1n, 2n, 2n, 2n]);
});

Deno.test("a statically sharded task reads its share", async () => {
  await using harness = new WorkerHarness();
  await harness.worker.start();
  const sharded = { shardingPolicy: ShardingPolicy.DATA, numWorkers: 3, workerIndex: 1 };
  await harness.client.processTask({ task: taskOf(1n, range(10), sharded) });
  assertEquals(await harness.read({ taskId: 1n }).toEnd(), [1, 4, 7]);
});

Deno.test("a dataset that did not come along is fetched, once there is a reader", async () => {
  let away = 1;
  await using harness = new WorkerHarness({
    getDatasetDef: ({ datasetId }) => {
      if (away-- > 0) throw new UnavailableError("away");
      assertEquals(datasetId, "d");
      return { dataset: { format: "sluice", graph: serializeGraph(range(3)) } };
    },
  });
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(3), { dataset: undefined }) });
  assertEquals(harness.count("getDatasetDef"), 0);
  const reading = harness.read({ taskId: 1n }).toEnd();
  await harness.clock.advance(1_000);
  assertEquals(await reading, [0, 1, 2]);
});

Deno.test("what this worker cannot run is refused by name", async () => {
  await using harness = new WorkerHarness();
  await harness.worker.start();
  const foreign = { dataset: { format: "tensorflow", graph: new Uint8Array() } };
  await harness.client.processTask({ task: taskOf(1n, range(3), foreign) });
  await harness.client.processTask({ task: taskOf(2n, range(3), { numConsumers: 2 }) });
  const refused = [[1n, "tensorflow", "unimplemented"], [
    2n,
    "a coordinated read",
    "failed_precondition",
  ]] as const;
  for (const [taskId, what, code] of refused) {
    const error = await assertRejects(() => harness.read({ taskId }).toEnd(), SluiceError, what);
    assertEquals(error.code, code);
  }
});

Deno.test("a reader that leaves frees its stream while the pipeline waits", async () => {
  await using harness = new WorkerHarness({ getSplit: () => new Promise(() => {}) });
  await harness.worker.start();
  const sharded = { shardingPolicy: ShardingPolicy.DYNAMIC };
  await harness.client.processTask({ task: taskOf(1n, range(10), sharded) });
  const abort = new AbortController();
  const reader = harness.read({ taskId: 1n, limitSequence: 16n }, abort.signal);
  assertEquals(await reader.step(), true);
  const waiting = reader.step();
  const before = harness.clock.pending;
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await harness.clock.advance(0);
  assertEquals(harness.clock.pending, before + 1, "the session waits for its reader to come back");
});

Deno.test("stopping takes leave, ends streams, refuses new work, and waits for the quiet period", async () => {
  const harness = new WorkerHarness({ getSplit: () => new Promise(() => {}) }, {
    shutdownQuietPeriodMs: 500,
  });
  await harness.worker.start();
  const sharded = { shardingPolicy: ShardingPolicy.DYNAMIC };
  await harness.client.processTask({ task: taskOf(1n, range(10), sharded) });
  const reader = harness.read({ taskId: 1n, limitSequence: 16n });
  await reader.step();
  const ended = assertRejects(() => reader.toEnd(), CanceledError, "Worker is shutting down");
  let stopped = false;
  const stopping = harness.worker.stop().then(() => stopped = true);
  await assertRejects(
    () => harness.client.processTask({ task: taskOf(2n, range(1)) }),
    UnavailableError,
    "Worker is shutting down",
  );
  await assertRejects(() => harness.read({ taskId: 1n }).toEnd(), UnavailableError, "shutting down");
  await harness.clock.advance(499);
  await ended;
  assertEquals([harness.count("unregisterWorker"), stopped], [1, false]);
  await harness.clock.advance(1);
  await stopping;
  await harness.worker.stop();
  assertEquals([harness.count("unregisterWorker"), harness.clock.pending], [1, 0]);
});

Deno.test("a worker stops although the dispatcher is gone, and although it was never started", async () => {
  const harness = new WorkerHarness({
    unregisterWorker: () => {
      throw new UnavailableError("away");
    },
  });
  await harness.worker.start();
  await harness.worker.stop();
  const idle = new WorkerHarness();
  await idle.worker.stop();
  assertEquals(idle.count("unregisterWorker"), 0);
});

Deno.test("a stopping worker hands its tasks back as soon as the dispatcher is there again", async () => {
  let away = 3;
  const harness = new WorkerHarness({
    unregisterWorker: () => {
      if (away-- > 0) throw new UnavailableError("away");
      return {};
    },
  }, { drainTimeoutMs: 20_000 });
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(10)) });
  let stopped = false;
  const stopping = harness.worker.stop().then(() => stopped = true);
  for (let i = 0; i < 100 && !stopped; i++) await harness.clock.advance(100);
  await stopping;
  assertEquals([harness.count("unregisterWorker"), harness.clock.pending], [4, 0]);
});

Deno.test("a stopping worker does not wait for the dispatcher for ever, and without tasks not at all", async () => {
  const unregisterWorker = () => {
    throw new UnavailableError("away");
  };
  const idle = new WorkerHarness({ unregisterWorker }, { drainTimeoutMs: 1_000 });
  await idle.worker.start();
  await idle.worker.stop();
  assertEquals(idle.count("unregisterWorker"), 1);

  const harness = new WorkerHarness({ unregisterWorker }, { drainTimeoutMs: 1_000 });
  await harness.worker.start();
  await harness.client.processTask({ task: taskOf(1n, range(10)) });
  let stopped = false;
  const begun = harness.clock.now();
  const stopping = harness.worker.stop().then(() => stopped = true);
  for (let i = 0; i < 200 && !stopped; i++) await harness.clock.advance(100);
  await stopping;
  const waited = harness.clock.now() - begun;
  assert(waited >= 1_000 && waited < 10_000, `${waited}`);
});

Deno.test("a worker that the dispatcher drains is told once", async () => {
  const answer = { workerTimeoutMs: 60_000n, drain: true };
  await using harness = new WorkerHarness({ workerHeartbeat: () => answer });
  await harness.worker.start();
  await harness.clock.advance(30_000);
  assertEquals([harness.count("workerHeartbeat"), harness.drains], [2, 1]);
});

Deno.test("paths of others are left to them", async () => {
  await using harness = new WorkerHarness();
  assertEquals(harness.worker.handle(new Request("http://worker:2/other")), null);
  const { version } = await harness.client.getVersion({});
  assertEquals(version, 1);
  assert(
    harness.worker.handle(
      new Request("http://worker:2/sluice.v1.WorkerService/GetVersion", { method: "POST" }),
    ),
  );
});
