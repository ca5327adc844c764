/** The dispatcher's port for TensorFlow, over real sockets and through restarts. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type DispatcherConfig,
  DispatchServer,
  FailedPreconditionError,
  InvalidArgumentError,
  NotFoundError,
  SluiceError,
  UnavailableError,
} from "../../../mod.ts";
import { ProcessingModeDef_ShardingPolicy as ShardingPolicy } from "../../../src/gen/tensorflow/data/dataset_pb.ts";
import { DispatcherService } from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import { createDispatcherClient } from "../../../src/rpc/mod.ts";
import { TfClient, TfWorker } from "./tf_client.ts";

const { method } = DispatcherService;
const { OFF, DYNAMIC, DATA } = ShardingPolicy;

function start(config: DispatcherConfig = {}): Promise<DispatchServer> {
  return DispatchServer.start({ tfPort: 0, ...config });
}

Deno.test("a pass from the registration to the end", async () => {
  await using dispatcher = await start();
  using client = new TfClient(dispatcher.tfTarget!);
  await using worker = await TfWorker.start(client);
  assertEquals((await client.call(method.getVersion, {})).version, 9n);
  const id = await client.register(3);
  const { metadata } = await client.call(method.getDataServiceMetadata, { datasetId: id });
  assertEquals([metadata?.compression, metadata?.cardinality], [1, 3n]);

  const reader = await client.join(id, OFF, { repetition: 1n });
  const [taskId] = worker.tasks.keys();
  const { taskInfo, iterationFinished } = await client.heartbeat(reader);
  assertEquals(taskInfo.map((task) => [task.taskId, task.workerAddress]), [[taskId, worker.address]]);
  assertEquals(taskInfo[0].transferServers.map(({ protocol, address }) => [protocol, address]), [
    ["grpc", worker.address],
  ]);
  assertEquals(iterationFinished, false);
  const task = worker.tasks.get(taskId)!;
  assertEquals([task.datasetId, task.workerAddress, task.numSplitProviders], [id, worker.address, 0n]);
  assert(task.dataset.case === "datasetDef" && task.dataset.value.graph.length > 0);

  await worker.complete(taskId);
  assertEquals((await client.heartbeat(reader)).iterationFinished, true);
  await client.call(method.releaseIterationClient, { iterationClientId: reader });
  await worker.heartbeat();
  assertEquals(worker.tasks.size, 0);
  await assertRejects(() => client.heartbeat(reader), NotFoundError, "Unknown iteration client id");
});

Deno.test("splits survive a restart, each handed out once", async () => {
  const workDir = await Deno.makeTempDir();
  try {
    const config: DispatcherConfig = { workDir, faultTolerantMode: true };
    const splits: (bigint | null)[] = [];
    let dispatcher = await start(config);
    const tfPort = Number(new URL(dispatcher.tfTarget!).port);
    using client = new TfClient(dispatcher.tfTarget!);
    await using worker = await TfWorker.start(client);
    const reader = await client.join(await client.register(7), DYNAMIC, { jobName: "job" });
    const [task] = worker.tasks.values();
    assertEquals(task.numSplitProviders, 1n);
    for (let i = 0; i < 8; i++) {
      splits.push(await client.split(task.iterationId));
      if (i % 3 !== 2) continue;
      await dispatcher.stop();
      dispatcher = await start({ ...config, tfPort });
      await worker.heartbeat();
      assertEquals([...worker.tasks.keys()], [task.taskId]);
      const { taskInfo } = await client.heartbeat(reader);
      assertEquals(taskInfo[0].transferServers[0].address, worker.address);
    }
    assertEquals(splits, [0n, 1n, 2n, 3n, 4n, 5n, 6n, null]);
    assertEquals(dispatcher.status().jobs.map(({ guarantee }) => guarantee), ["exactly-once"]);
    await dispatcher.stop();
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
});

Deno.test("a worker that comes late gets the task of a running pass with its first heartbeat", async () => {
  await using dispatcher = await start();
  using client = new TfClient(dispatcher.tfTarget!);
  const reader = await client.join(await client.register(3), DYNAMIC);
  assertEquals((await client.heartbeat(reader)).taskInfo, []);
  await using worker = await TfWorker.start(client, ["COLOCATED"]);
  assertEquals(worker.tasks.size, 1);
  const { taskInfo } = await client.heartbeat(reader);
  assertEquals(taskInfo.map(({ workerTags }) => workerTags), [["COLOCATED"]]);
  assertEquals((await client.call(method.getWorkers, {})).workers.map(({ address }) => address), [
    worker.address,
  ]);
});

Deno.test("static sharding goes by the list of workers", async () => {
  await using dispatcher = await start({ workerAddresses: ["localhost:%port%", "localhost"] });
  using client = new TfClient(dispatcher.tfTarget!);
  await using one = await TfWorker.start(client);
  await using two = await TfWorker.start(client);
  await assertRejects(
    () => TfWorker.start(client),
    FailedPreconditionError,
    "other workers are already running at the configured host",
  );
  await client.join(await client.register(3), DATA);
  const shards = [one, two].map(({ tasks }) =>
    [...tasks.values()].map((task) => [task.workerIndex, task.numWorkers])
  );
  assertEquals(shards, [[[0n, 2n]], [[1n, 2n]]]);
});

Deno.test("explicit ids keep the first definition, and refuse another structure", async () => {
  await using dispatcher = await start();
  using client = new TfClient(dispatcher.tfTarget!);
  assertEquals(await client.register(3, "mine"), "mine");
  assertEquals(await client.register(3, "mine"), "mine");
  await assertRejects(
    () => client.register(4, "mine"),
    InvalidArgumentError,
    "Datasets with the same ID should have the same structure",
  );
  assertEquals([await client.register(3), await client.register(3)], ["1000", "1001"]);
});

Deno.test("what TensorFlow alone can run is refused to Sluice's readers, in words", async () => {
  await using dispatcher = await start();
  using client = new TfClient(dispatcher.tfTarget!);
  const datasetId = await client.register(3);
  const sluice = createDispatcherClient(dispatcher.address);
  const requestId = () => crypto.randomUUID();
  await assertRejects(
    () => sluice.getDataServiceMetadata({ datasetId }),
    FailedPreconditionError,
    "fromTfDataService",
  );
  await assertRejects(
    () => sluice.getOrCreateJob({ datasetId, requestId: requestId() }),
    FailedPreconditionError,
    'of format "tensorflow"',
  );
  await assertRejects(
    () =>
      sluice.getOrRegisterDataset({
        dataset: { format: "tensorflow", graph: new Uint8Array([1]) },
        requestId: requestId(),
      }),
    InvalidArgumentError,
    'of format "tensorflow"',
  );
});

Deno.test("compression is decided once, and not for what is not compressed", async () => {
  await using dispatcher = await start();
  using client = new TfClient(dispatcher.tfTarget!);
  const plain = await client.register(3);
  const decide = async (datasetId: string, disableCompressionAtRuntime: boolean) =>
    (await client.call(method.disableCompressionAtRuntime, { datasetId, disableCompressionAtRuntime }))
      .decision;
  assertEquals((await decide(plain, true)).case, "noCompressionToDisable");
  const { datasetId } = await client.call(method.getOrRegisterDataset, {
    dataset: {},
    metadata: { compression: 2, cardinality: -19n },
  });
  assertEquals(await decide(datasetId, false), { case: "compressionDisabledAtRuntime", value: false });
  assertEquals(await decide(datasetId, true), { case: "compressionDisabledAtRuntime", value: false });
});

Deno.test("bad requests get an answer each, and change nothing", async () => {
  await using dispatcher = await start();
  using client = new TfClient(dispatcher.tfTarget!);
  const refusals: [() => Promise<unknown>, string][] = [
    [() => client.call(method.workerHeartbeat, { workerAddress: "" }), "invalid_argument"],
    [
      () => client.call(method.workerHeartbeat, { workerAddress: "a:1", currentTasks: [-1n] }),
      "invalid_argument",
    ],
    [
      () => client.call(method.workerHeartbeat, { workerAddress: "a:1", workerTags: [""] }),
      "failed_precondition",
    ],
    [
      () =>
        client.call(method.workerUpdate, {
          workerAddress: "a:1",
          updates: [{ taskId: 1n, completed: true }],
        }),
      "not_found",
    ],
    [() => client.call(method.getOrRegisterDataset, {}), "invalid_argument"],
    [
      () => client.call(method.getOrRegisterDataset, { dataset: { graph: new Uint8Array([7]) } }),
      "invalid_argument",
    ],
    [() => client.call(method.getOrCreateJob, { datasetId: "none" }), "not_found"],
    [() => client.call(method.getOrCreateIteration, { jobId: 1n }), "not_found"],
    [() => client.call(method.getOrCreateIteration, { jobId: -1n }), "invalid_argument"],
    [() => client.call(method.clientHeartbeat, { iterationClientId: 1n }), "not_found"],
    [() => client.call(method.releaseIterationClient, { iterationClientId: 1n }), "not_found"],
    [() => client.call(method.getSplit, { iterationId: 1n }), "not_found"],
    [() => client.call(method.getSplit, { iterationId: -(2n ** 63n) }), "not_found"],
    [() => client.call(method.getDatasetDef, { datasetId: "none" }), "not_found"],
    [() => client.call(method.getDataServiceMetadata, { datasetId: "" }), "invalid_argument"],
    [() => client.call(method.maybeRemoveTask, { taskId: 1n, consumerIndex: -1n }), "failed_precondition"],
  ];
  for (const [call, code] of refusals) {
    const error = await assertRejects(call, SluiceError);
    assertEquals(error.code, code, error.message);
  }
  assertEquals(dispatcher.status().workers, []);
});

Deno.test("a port that is taken ends the start with its number", async () => {
  await using dispatcher = await start();
  const port = Number(new URL(dispatcher.tfTarget!).port);
  await assertRejects(() => start({ tfPort: port }), UnavailableError, String(port));
});

Deno.test("without `tfPort` there is no such port", async () => {
  await using dispatcher = await DispatchServer.start();
  assertEquals(dispatcher.tfTarget, undefined);
});
