import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { CrossTrainerCache } from "../../src/dataset/cross_trainer_cache.ts";
import { completeDistributeOptions, type DistributeOptions } from "../../src/dataset/distribute_options.ts";

const service = "localhost:5050";
const least: DistributeOptions = { processingMode: 0, service };

Deno.test("options are completed with the documented defaults", () => {
  assertEquals(completeDistributeOptions(least), {
    service: "http://localhost:5050",
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
    dispatcherTimeoutMs: 300_000,
    exactlyOnce: false,
  });
});

Deno.test("options reach the graph as they are given", () => {
  const complete = completeDistributeOptions({
    processingMode: "distributed_epoch",
    service: "https://data.example.com",
    jobName: "job",
    maxOutstandingRequests: 1,
    compression: null,
    crossTrainerCache: new CrossTrainerCache("t1"),
    targetWorkers: "LOCAL",
    taskRefreshIntervalMs: 20,
    guarantee: "exactly-once",
    dispatcherTimeoutMs: 0,
  });
  assertEquals(complete, {
    service: "https://data.example.com",
    shardingPolicy: 1,
    datasetId: null,
    jobName: "job",
    consumerIndex: null,
    numConsumers: null,
    maxOutstandingRequests: 1,
    compression: "NONE",
    trainerId: "t1",
    targetWorkers: "LOCAL",
    taskRefreshIntervalMs: 20,
    dispatcherTimeoutMs: 0,
    exactlyOnce: true,
  });
  const { consumerIndex, numConsumers } = completeDistributeOptions({
    ...least,
    jobName: "job",
    consumerIndex: 1,
    numConsumers: 2,
  });
  assertEquals({ consumerIndex, numConsumers }, { consumerIndex: 1, numConsumers: 2 });
});

Deno.test("every processing mode has its policy", () => {
  const policyOf = (processingMode: DistributeOptions["processingMode"]) =>
    completeDistributeOptions({ ...least, processingMode }).shardingPolicy;
  assertEquals(([0, 1, 2, 3, 4, 5, "parallel_epochs", "distributed_epoch"] as const).map(policyOf), [
    0,
    1,
    2,
    3,
    4,
    5,
    0,
    1,
  ]);
});

Deno.test("targetWorkers is read whatever its case", () => {
  for (const [given, meant] of [["any", "ANY"], ["Local", "LOCAL"], ["", "AUTO"]]) {
    const options = { ...least, targetWorkers: given as "ANY" };
    assertEquals(completeDistributeOptions(options).targetWorkers, meant);
  }
});

const cache = new CrossTrainerCache("t");
const refusals: [options: Record<string, unknown>, message: string][] = [
  [{ service: 1 }, "`service` must be a string"],
  [{ service: undefined }, "`service` must be a string"],
  [{ service: "" }, "`service` must not be empty"],
  [{ service: "http://a://b" }, "Malformed `service` string has multiple '://'"],
  [{ service: "grp://addr" }, "No credentials factory has been registered for protocol grp"],
  [
    { processingMode: "invalid" },
    '`processingMode` should be a `ShardingPolicy`, `"parallel_epochs"`, or `"distributed_epoch"`. Got "invalid"',
  ],
  [{ processingMode: 6 }, "`processingMode` should be a `ShardingPolicy`"],
  [{ processingMode: "OFF" }, 'Got "OFF"'],
  [{ processingMode: undefined }, "Got undefined"],
  [{ jobName: 7 }, "`jobName` must be a string"],
  [{ jobName: "" }, "`jobName` must not be empty"],
  [{ compression: "foo" }, "Invalid `compression` argument"],
  [{ compression: "NONE" }, "Invalid `compression` argument"],
  [{ maxOutstandingRequests: 0 }, "`maxOutstandingRequests` must be a whole number >= 1, got 0"],
  [{ maxOutstandingRequests: 1.5 }, "`maxOutstandingRequests`"],
  [{ numConsumers: 2, jobName: "j" }, "`consumerIndex` and `numConsumers` must be set together"],
  [{ consumerIndex: 0, jobName: "j" }, "`consumerIndex` and `numConsumers` must be set together"],
  [{ consumerIndex: 0, numConsumers: 2 }, "`jobName` must be set when setting `numConsumers`"],
  [
    { consumerIndex: 2, numConsumers: 2, jobName: "j" },
    "`consumerIndex` must be a whole number from 0 to 1, got 2",
  ],
  [{ consumerIndex: -1, numConsumers: 2, jobName: "j" }, "`consumerIndex`"],
  [{ consumerIndex: 0, numConsumers: 0, jobName: "j" }, "`numConsumers`"],
  [
    { consumerIndex: 0, numConsumers: 1, jobName: "j", targetWorkers: "LOCAL" },
    'Coordinated reads require non-local workers, but `targetWorkers` is "LOCAL"',
  ],
  [{ crossTrainerCache: cache }, "Cross-trainer caching requires named jobs. Got empty `jobName`"],
  [
    { crossTrainerCache: cache, jobName: "j", consumerIndex: 0, numConsumers: 1 },
    "Cross-trainer caching does not support coordinated reads",
  ],
  [{ crossTrainerCache: "t", jobName: "j" }, "`crossTrainerCache` must be a CrossTrainerCache"],
  [{ targetWorkers: "SOME" }, '`targetWorkers` must be one of "AUTO", "ANY", "LOCAL"'],
  [{ taskRefreshIntervalMs: 0 }, "`taskRefreshIntervalMs`"],
  [{ dispatcherTimeoutMs: -1 }, "`dispatcherTimeoutMs`"],
  [{ guarantee: "at-most-once" }, '`guarantee` must be one of "exactly-once"'],
  [{ datasetId: "d" }, '`options` has no option "datasetId"'],
  [{ job_name: "j" }, '`options` has no option "job_name"'],
];

for (const [wrong, message] of refusals) {
  Deno.test(`distribute refuses ${JSON.stringify(wrong)}`, () => {
    const options = { ...least, ...wrong } as unknown as DistributeOptions;
    assertThrows(() => completeDistributeOptions(options), InvalidArgumentError, message);
  });
}

Deno.test("options that are none are refused", () => {
  for (const options of [undefined, null, "x", []]) {
    const wrong = options as unknown as DistributeOptions;
    assertThrows(() => completeDistributeOptions(wrong), InvalidArgumentError, "`options` must be an object");
  }
});

Deno.test("a cross-trainer cache needs a trainer", () => {
  for (const id of ["", undefined, null, 1]) {
    assertThrows(
      () => new CrossTrainerCache(id as string),
      InvalidArgumentError,
      "cross-trainer cache requires a non-empty trainer ID",
    );
  }
  assertEquals(new CrossTrainerCache("trainer 1").trainerId, "trainer 1");
});
