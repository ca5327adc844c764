/** The reference's cases of a dispatcher behind its service, each under its name. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../src/base/mod.ts";
import { Compression } from "../../src/gen/sluice/v1/dataset_pb.ts";
import { DeploymentMode } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { serializeGraph, ShardingPolicy } from "../../src/graph/mod.ts";
import { encodeValue } from "../../src/element/mod.ts";
import { Cluster, range } from "./cluster.ts";

const NUMBER = encodeValue({ kind: "number" });
const STRING = encodeValue({ kind: "string" });

function registration(cluster: Cluster, datasetId?: string, metadata = {}) {
  return cluster.client.getOrRegisterDataset({
    dataset: { format: "sluice", graph: serializeGraph(range(10)) },
    metadata: { elementSpec: NUMBER, compression: 0, cardinality: 10n, ...metadata },
    datasetId,
    requestId: cluster.requestId(),
  });
}

function namedJob(cluster: Cluster, datasetId: string, options = {}) {
  const requestId = cluster.requestId();
  return cluster.client.getOrCreateJob({
    datasetId,
    shardingPolicy: 0,
    jobName: "job",
    requestId,
    ...options,
  });
}

Deno.test("dispatcher_client_test: metadata makes the round trip, and an unknown dataset is not found", async () => {
  await using cluster = await Cluster.start();
  const { datasetId } = await registration(cluster, undefined, { compression: 2, cardinality: -1n });
  const { metadata } = await cluster.client.getDataServiceMetadata({ datasetId });
  assertEquals([metadata!.compression, metadata!.cardinality], [2, -1n]);
  await assertRejects(
    () => cluster.client.getDataServiceMetadata({ datasetId: "not-found" }),
    NotFoundError,
    "Dataset id not-found not found",
  );
});

Deno.test("dispatcher_client_test: the configuration tells each deployment mode", async () => {
  for (const mode of ["remote", "colocated", "hybrid"] as const) {
    await using cluster = await Cluster.start({ deploymentMode: mode });
    const { deploymentMode } = await cluster.client.getDataServiceConfig({});
    assertEquals(DeploymentMode[deploymentMode], mode.toUpperCase());
  }
});

Deno.test("dispatcher_client_test: an explicit id comes back twice, and another cardinality is refused", async () => {
  await using cluster = await Cluster.start();
  assertEquals((await registration(cluster, "id")).datasetId, "id");
  assertEquals((await registration(cluster, "id")).datasetId, "id");
  await assertRejects(
    () => registration(cluster, "id", { cardinality: -1n }),
    InvalidArgumentError,
    "Datasets with the same ID should have the same structure",
  );
});

Deno.test("data_service_ops_test testDatasetsDoNotMatch: another structure or compression under one id is refused", async () => {
  await using cluster = await Cluster.start();
  await registration(cluster, "id");
  for (const metadata of [{ elementSpec: STRING }, { compression: 1 }]) {
    await assertRejects(
      () => registration(cluster, "id", metadata),
      InvalidArgumentError,
      "Datasets with the same ID should have the same structure",
    );
  }
});

Deno.test("data_service_ops_test testFromDatasetIdNotRegistered: no job of it is made", async () => {
  await using cluster = await Cluster.start();
  await assertRejects(
    () => namedJob(cluster, "UnregisteredID"),
    NotFoundError,
    "Dataset id UnregisteredID not found. It must be registered with `registerDataset` before calling " +
      "`fromDatasetId`",
  );
});

Deno.test("dispatcher_client_test: the same name is the same job, whatever dataset and number of consumers", async () => {
  await using cluster = await Cluster.start();
  const { datasetId } = await registration(cluster);
  const other = (await registration(cluster)).datasetId;
  const { jobId } = await namedJob(cluster, datasetId);
  assertEquals((await namedJob(cluster, datasetId)).jobId, jobId);
  assertEquals((await namedJob(cluster, other)).jobId, jobId);
  assertEquals((await namedJob(cluster, datasetId, { numConsumers: 2 })).jobId, jobId);
});

Deno.test("dispatcher_client_test, cross_trainer_cache_test testNamedJobMismatch: all differences are named", async () => {
  await using cluster = await Cluster.start();
  const { datasetId } = await registration(cluster);
  await namedJob(cluster, datasetId, { useCrossTrainerCache: true });
  const error = await assertRejects(
    () => namedJob(cluster, datasetId, { shardingPolicy: 1, targetWorkers: 1 }),
    InvalidArgumentError,
    "Tried to create job with name job, but found an existing job with different parameters: ",
  );
  assertMatch(error.message, /Existing processing mode: <OFF>; got <DYNAMIC>/);
  assertMatch(error.message, /Existing cross-trainer cache: <enabled>; got <disabled>/);
  assertMatch(error.message, /Existing target workers: <AUTO>; got <ANY>/);
});

Deno.test("dispatcher_client_test: the cache is among what a worker is told of a new task", async () => {
  await using cluster = await Cluster.start();
  const { datasetId } = await registration(cluster);
  const { jobId } = await namedJob(cluster, datasetId, { useCrossTrainerCache: true });
  await cluster.join(jobId);
  const { newTasks } = await cluster.heartbeat("a:1");
  assertEquals(newTasks.map((task) => task.useCrossTrainerCache), [true]);
});

Deno.test("data_service_test GetWorkers: those that are there", async () => {
  await using cluster = await Cluster.start();
  assertEquals((await cluster.client.getWorkers({})).workers, []);
  await cluster.heartbeat("a:1");
  assertEquals((await cluster.client.getWorkers({})).workers.map(({ address }) => address), ["a:1"]);
});

Deno.test("data_service_test GcMissingClientsWithSmallTimeout: only a client that was heard of can fall silent", async () => {
  await using cluster = await Cluster.start({
    jobGcCheckIntervalMs: 10,
    jobGcTimeoutMs: 10,
    clientTimeoutMs: 10,
  });
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.clock.advance(1_000);
  assertEquals(cluster.dispatcher.status().iterations.length, 1);
  await cluster.client.clientHeartbeat({ iterationClientId });
  await cluster.clock.advance(100);
  assertEquals(cluster.dispatcher.status().iterations, []);
});

Deno.test("data_service_test DontGcMissingClientsWithLargeTimeout: silence shorter than that does no harm", async () => {
  await using cluster = await Cluster.start({ jobGcCheckIntervalMs: 10, jobGcTimeoutMs: 10 });
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.client.clientHeartbeat({ iterationClientId });
  await cluster.clock.advance(200);
  assertEquals(cluster.dispatcher.status().iterations.length, 1);
});

Deno.test("data_service_ops_test testGcClient: a client that was released for its silence is told so", async () => {
  await using cluster = await Cluster.start({
    jobGcCheckIntervalMs: 50,
    jobGcTimeoutMs: 20,
    clientTimeoutMs: 50,
  });
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.client.clientHeartbeat({ iterationClientId });
  await cluster.clock.advance(300);
  await assertRejects(
    () => cluster.client.clientHeartbeat({ iterationClientId }),
    NotFoundError,
    "Unknown iteration client id",
  );
});

Deno.test("data_service_ops_test testKeepClientAliveBeforeReading: whoever has not begun is waited for", async () => {
  await using cluster = await Cluster.start({ clientTimeoutMs: 1_000 });
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
  await cluster.clock.advance(3_000);
  assertEquals((await cluster.client.clientHeartbeat({ iterationClientId })).iterationFinished, false);
});

Deno.test("data_service_ops_test testGcDynamicShardingJobIfRequested: then DYNAMIC is collected too", async () => {
  await using cluster = await Cluster.start({
    jobGcCheckIntervalMs: 20,
    jobGcTimeoutMs: 20,
    gcDynamicShardingJobs: true,
  });
  await cluster.heartbeat("a:1");
  const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.DYNAMIC));
  assertEquals(cluster.dispatcher.status().tasks.length, 1);
  await cluster.client.releaseIterationClient({ iterationClientId });
  await cluster.clock.advance(1_000);
  assertEquals(cluster.dispatcher.status().tasks, []);
});

Deno.test("what the settings collect is in the journal: a dispatcher that starts again does not bring it back", async () => {
  const settings = { jobGcCheckIntervalMs: 20, jobGcTimeoutMs: 20, keep: [] };
  {
    await using cluster = await Cluster.start(settings);
    await cluster.heartbeat("a:1");
    const { iterationClientId } = await cluster.join(await cluster.job(ShardingPolicy.OFF));
    await cluster.client.releaseIterationClient({ iterationClientId });
    await cluster.clock.advance(20);
  }
  await using again = await Cluster.start(settings);
  const { iterations, tasks } = again.dispatcher.status();
  assertEquals({ iterations, tasks }, { iterations: [], tasks: [] });
});

Deno.test("auto_shard_test testWorkerNotFound and testMoreWorkersThanConfigured: who has no place is refused", async () => {
  await using unknown = await Cluster.start({ workerAddresses: ["fake_worker_0", "fake_worker_1"] });
  await assertRejects(
    () => unknown.heartbeat("localhost:1"),
    FailedPreconditionError,
    "The worker's address is not configured",
  );
  await using full = await Cluster.start({ workerAddresses: ["localhost:%port%"] });
  await full.heartbeat("localhost:1");
  await assertRejects(
    () => full.heartbeat("localhost:2"),
    FailedPreconditionError,
    "other workers are already running at the configured host",
  );
});

Deno.test("auto_shard_test testEmptyWorkerList: static sharding needs the list", async () => {
  await using cluster = await Cluster.start();
  await cluster.heartbeat("a:1");
  const job = await cluster.job(ShardingPolicy.FILE_OR_DATA);
  const error = await assertRejects(() => cluster.join(job), NotFoundError);
  assertMatch(error.message, /Worker .* is not in the workers list/);
});

Deno.test("the status tells the guarantee of each processing mode", async () => {
  await using cluster = await Cluster.start({ workerAddresses: ["a:1"] });
  for (const policy of [0, 1, 2, 3, 4, 5]) await cluster.job(policy);
  assertEquals(
    cluster.dispatcher.status().jobs.map(({ processingMode, guarantee }) => [processingMode, guarantee]),
    [
      ["OFF", "none"],
      ["DYNAMIC", "exactly-once"],
      ["FILE", "exactly-once"],
      ["DATA", "exactly-once"],
      ["FILE_OR_DATA", "exactly-once"],
      ["HINT", "none"], // Its dataset has no hint: each worker gives everything.
    ],
  );
});

Deno.test("the status has what workers noted: of running tasks the last heartbeat, of ended ones for good", async () => {
  await using cluster = await Cluster.start();
  const job = await cluster.job(ShardingPolicy.OFF);
  for (const address of ["a:1", "b:1"]) await cluster.heartbeat(address);
  const { state } = await cluster.join(job);
  const [first, second] = state!.tasks.map(({ taskId }) => taskId);
  const noted = () => {
    const { jobs: [{ numSkipped, compression }], iterations } = cluster.dispatcher.status();
    assertEquals(iterations.map((iteration) => iteration.numSkipped), [numSkipped]);
    return [numSkipped, compression.streams];
  };
  assertEquals(noted(), [0, {}]);
  const notes = (taskId: bigint, leftOut: bigint, compression: Compression) => ({
    [String(taskId)]: { leftOut, streams: [{ compression, count: 1n }] },
  });
  const worker = { workerUid: "uid", formats: ["sluice"] };
  await cluster.client.workerHeartbeat({
    ...worker,
    workerAddress: "a:1",
    currentTasks: [first],
    notes: { ...notes(first, 3n, Compression.ZSTD), ...notes(second, 100n, Compression.GZIP) }, // Not its task.
  });
  await cluster.client.workerHeartbeat({
    ...worker,
    workerAddress: "b:1",
    currentTasks: [second],
    notes: notes(second, 4n, Compression.NONE),
  });
  assertEquals(noted(), [7, { NONE: 1, ZSTD: 1 }]);
  await cluster.client.workerUpdate({
    workerAddress: "a:1",
    completedTasks: [first],
    notes: notes(first, 5n, Compression.ZSTD),
  });
  assertEquals(noted(), [9, { NONE: 1, ZSTD: 1 }]);
  await cluster.client.workerHeartbeat({ ...worker, workerAddress: "b:1", workerUid: "other" });
  assertEquals(noted(), [5, { ZSTD: 1 }]);
});
