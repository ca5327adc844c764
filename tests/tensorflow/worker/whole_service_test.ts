/** What stock readers of Sluice's datasets hear from the dispatcher and the workers together. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  Dataset,
  DispatchServer,
  distribute,
  fromDatasetId,
  InternalError,
  InvalidArgumentError,
  registerDataset,
  UnavailableError,
  WorkerServer,
} from "../../../mod.ts";
import { ProcessingModeDef_ShardingPolicy as ShardingPolicy } from "../../../src/gen/tensorflow/data/dataset_pb.ts";
import { DispatcherService } from "../../../src/gen/tensorflow/data/dispatcher_pb.ts";
import { WorkerService } from "../../../src/gen/tensorflow/data/worker_pb.ts";
import { createDispatcherClient } from "../../../src/rpc/mod.ts";
import { encodeElementSpec, layoutOf } from "../../../src/tensorflow/elements/mod.ts";
import { startProgram } from "../../support/programs.ts";
import { TfClient } from "../dispatcher/tf_client.ts";

const { method } = DispatcherService;
const { getElement, getWorkerTasks } = WorkerService.method;

async function metadataOf(client: TfClient, datasetId: string): Promise<unknown> {
  const { metadata } = await client.call(method.getDataServiceMetadata, { datasetId });
  return [metadata?.optionalElementSpec.value ?? null, metadata?.compression, metadata?.cardinality];
}

Deno.test("metadata: the spec is found by a worker, compression is off, and what cannot be told is said", async () => {
  await using dispatcher = await DispatchServer.start({ tfPort: 0 });
  using client = new TfClient(dispatcher.tfTarget!);
  const register = (datasetId: string, dataset: Dataset<unknown>) =>
    registerDataset(dispatcher.target, dataset, { datasetId });
  await register("words", Dataset.range(9).map((x) => ({ word: `${x}` })).batch(4));
  await assertRejects(() => metadataOf(client, "words"), UnavailableError, "there is no worker");

  await using _worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address, tfPort: 0 });
  const words = { kind: "record", fields: { word: { kind: "list", item: { kind: "string" } } } } as const;
  assertEquals(await metadataOf(client, "words"), [encodeElementSpec(layoutOf(words)), 1, 3n]);
  await register("endless", Dataset.range(9).repeat());
  assertEquals(await metadataOf(client, "endless"), [
    encodeElementSpec(layoutOf({ kind: "number" })),
    1,
    -1n,
  ]);
  await register("nothing", Dataset.range(0).map((x) => x));
  assertEquals((await metadataOf(client, "nothing") as unknown[])[0], new Uint8Array());
  await register("nulls", Dataset.fromArray([null]));
  await assertRejects(() => metadataOf(client, "nulls"), InvalidArgumentError, "TensorFlow cannot hold");
  await register(
    "broken",
    Dataset.range(3).map((): number => {
      throw new Error("boom");
    }),
  );
  await assertRejects(() => metadataOf(client, "broken"), InternalError, "boom");
});

Deno.test("tasks: a reader finds the workers' ports, and shares its job with Sluice's readers", async () => {
  await using dispatcher = await DispatchServer.start({ tfPort: 0 });
  using client = new TfClient(dispatcher.tfTarget!);
  await using worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address, tfPort: 0 });
  await registerDataset(dispatcher.target, Dataset.range(100), { datasetId: "numbers" });
  const { jobId } = await client.call(method.getOrCreateJob, {
    datasetId: "numbers",
    processingModeDef: { shardingPolicy: 1 },
    optionalJobName: { case: "jobName", value: "dataset_id=/numbers/shared" },
    targetWorkers: 1,
  });
  // TensorFlow's readers count passes from 1.
  const { iterationClientId } = await client.call(method.getOrCreateIteration, { jobId, repetition: 0n });
  const { taskInfo: [task] } = await client.call(method.clientHeartbeat, { iterationClientId });
  const { address, protocol } = task.transferServers[0];
  assertEquals([task.workerAddress, protocol, `grpc://${address}`], [
    worker.address,
    "grpc",
    worker.tfTarget,
  ]);

  using tasks = new TfClient(address);
  const [running] = (await tasks.call(getWorkerTasks, {})).tasks;
  assertEquals([running.taskId, running.workerAddress], [task.taskId, worker.address]);
  const { element } = await tasks.call(getElement, { taskId: task.taskId });
  assertEquals(element.case, "uncompressed");

  const reader = fromDatasetId<number>({
    datasetId: "numbers",
    jobName: "shared",
    processingMode: "distributed_epoch",
    service: dispatcher.target,
    taskRefreshIntervalMs: 20,
  });
  const ours = reader.toArray();
  let count = 1;
  while (!(await tasks.call(getElement, { taskId: task.taskId })).endOfSequence) count++;
  assertEquals(count + (await ours).length, 100);
  assertEquals(dispatcher.status().jobs.length, 1);
});

Deno.test("a worker leases little at a time for readers that do not say what they have got", async () => {
  await using dispatcher = await DispatchServer.start({ tfPort: 0 });
  using client = new TfClient(dispatcher.tfTarget!);
  const rpc = createDispatcherClient(dispatcher.target);
  await rpc.workerHeartbeat({ workerAddress: "localhost:1", workerUid: "a", formats: ["sluice"] });
  await registerDataset(dispatcher.target, Dataset.range(100), { datasetId: "numbers" });
  await client.join("numbers", ShardingPolicy.DYNAMIC);
  const { newTasks: [task] } = await rpc.workerHeartbeat({
    workerAddress: "localhost:1",
    workerUid: "a",
    formats: ["sluice"],
  });
  const split = { iterationId: task.iterationId, taskId: task.taskId, requestId: 1n };
  assertEquals((await rpc.getSplit(split)).splits.map(({ start, end }) => [start, end]), [[0n, 1n]]);
  const [{ guarantee, weakenedBy }] = dispatcher.status().jobs;
  assertEquals([guarantee, weakenedBy], ["exactly-once", "TensorFlow's readers"]);
  await dispatcher.drainWorker("localhost:1");
  assertEquals(dispatcher.status().jobs[0].guarantee, "at-most-once");
});

Deno.test("a worker without a port for TensorFlow is none of its readers' servers", async () => {
  await using dispatcher = await DispatchServer.start({ tfPort: 0 });
  await using worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  assertEquals(worker.tfTarget, undefined);
  const dataset = Dataset.range(3).apply(
    distribute<number>({ processingMode: "parallel_epochs", service: dispatcher.target }),
  );
  assertEquals(await dataset.toArray(), [0, 1, 2]);
});

Deno.test("the worker's program says where TensorFlow finds it, and gives elements there", async () => {
  await using dispatcher = await DispatchServer.start();
  const args = [`--dispatcher-address=${dispatcher.address}`, "--isolation=none", "--tf-port=0"];
  await using plain = await startProgram("worker.ts", args);
  assertEquals(
    /^Sluice worker serving at localhost:\d+\nTensorFlow: grpc:\/\/localhost:\d+$/.test(plain.firstLine),
    true,
  );
  await using json = await startProgram("worker.ts", [...args, "--json"]);
  const { tensorflow } = JSON.parse(json.firstLine);
  using client = new TfClient(tensorflow);
  await assertRejects(() => client.call(getElement, { taskId: 1n }), UnavailableError, "Task 1 not found");
  await assertRejects(
    () =>
      WorkerServer.start({ dispatcherAddress: dispatcher.address, tfPort: Number(new URL(tensorflow).port) }),
    UnavailableError,
    new URL(tensorflow).port,
  );
});
