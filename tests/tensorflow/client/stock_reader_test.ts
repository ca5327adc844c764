import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CanceledError,
  CrossTrainerCache,
  DataLossError,
  Dataset,
  distribute,
  FailedPreconditionError,
  type FromTfDataServiceOptions,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  ShardingPolicy,
  UnavailableError,
} from "../../../mod.ts";
import { errorFromCode } from "../../../src/base/mod.ts";
import { SKIP_TASK } from "../../../src/tensorflow/elements/mod.ts";
import { startCluster } from "../../support/cluster.ts";
import { recordOf, type Reply, StockService } from "../support/stock_service.ts";

const { elements: range } = recordOf("range_None"); // 0n, 1n, 2n

function read<T = bigint>(
  service: StockService,
  options: Partial<FromTfDataServiceOptions> = {},
): Dataset<T> {
  return Dataset.fromTfDataService<T>({
    address: service.address,
    datasetId: "data",
    processingMode: "parallel_epochs",
    taskRefreshIntervalMs: 20,
    ...options,
  });
}

const refuse = (...args: Parameters<typeof errorFromCode>): Reply => () => {
  throw errorFromCode(...args);
};

Deno.test("a pass: registered, read from all workers, and left", async () => {
  await using service = await StockService.start("range_None", [range, range]);
  assertEquals((await read(service).toArray()).sort(), [0n, 0n, 1n, 1n, 2n, 2n]);
  assertEquals([service.jobs.length, service.iterations.length, service.released], [1, 1, 1]);
  assertEquals(service.iterations[0].repetition, 1n);
  assertEquals(service.compressionAsked, 0);
});

for (const name of ["nested_None", "nested_AUTO", "strings_None", "strings_AUTO", "numbers_AUTO"]) {
  Deno.test(`recorded elements arrive: ${name}`, async () => {
    const { elements } = recordOf(name);
    await using service = await StockService.start(name, [elements]);
    assertEquals((await read(service).toArray()).length, 1);
    assertEquals(service.compressionAsked, name.endsWith("AUTO") ? 1 : 0);
  });
}

Deno.test("options travel: mode, names as TensorFlow's readers give them, trainers and passes", async () => {
  await using service = await StockService.start("range_None", [range]);
  const dataset = read(service, {
    processingMode: ShardingPolicy.DYNAMIC,
    jobName: "train",
    crossTrainerCache: new CrossTrainerCache("me"),
  });
  await dataset.toArray();
  await dataset.toArray();
  const [{ datasetId, processingModeDef, optionalJobName, useCrossTrainerCache }] = service.jobs;
  assertEquals([datasetId, processingModeDef?.shardingPolicy, optionalJobName.value, useCrossTrainerCache], [
    "data",
    1,
    "dataset_id=/data/train",
    true,
  ]);
  assertEquals(service.iterations.map(({ repetition }) => repetition), [1n, 2n]);
  assertEquals(service.workers[0].requests[0].trainerId, "me");
});

Deno.test("the end is asked for at once: no heartbeat has to come due", async () => {
  await using service = await StockService.start("range_None", [range]);
  assertEquals(await read(service, { taskRefreshIntervalMs: 1_000_000 }).toArray(), [0n, 1n, 2n]);
});

Deno.test("a task that has nothing ready is asked again, and waited for in the end", async () => {
  await using service = await StockService.start("range_None", [[
    range[0],
    ...Array.from({ length: 6 }, () => SKIP_TASK),
    range[1],
    range[2],
  ]]);
  assertEquals(await read(service).toArray(), [0n, 1n, 2n]);
  const { requests } = service.workers[0];
  assertEquals(requests.map(({ allowSkip }) => allowSkip), [
    ...Array.from({ length: 6 }, () => true),
    false,
    false,
    true,
    true,
  ]);
});

Deno.test("what can be tried again is: of workers and of the dispatcher", async () => {
  await using service = await StockService.start("range_None", [[
    refuse("unavailable", "starting"),
    range[0],
    refuse("aborted", "try again"),
    range[1],
    refuse("canceled", "try again"),
    range[2],
  ]]);
  for (const method of ["GetVersion", "GetDataServiceMetadata", "GetOrCreateJob", "ClientHeartbeat"]) {
    service.fail(method, "unavailable", "aborted");
  }
  assertEquals(await read(service).toArray(), [0n, 1n, 2n]);
});

Deno.test("a dispatcher that restarts in the middle is waited for", async () => {
  let proceed = () => {};
  const gate = new Promise<void>((resolve) => proceed = resolve);
  await using service = await StockService.start("range_None", [[
    range[0],
    () => gate.then(() => range[1]),
    range[2],
  ]]);
  await using reader = read(service).reader();
  assertEquals((await reader.next()).value, 0n);
  const port = await service.stopDispatcher();
  proceed();
  assertEquals((await reader.next()).value, 1n);
  await service.startDispatcher(port);
  assertEquals([(await reader.next()).value, (await reader.next()).done], [2n, true]);
});

Deno.test("a worker that is lost is left as soon as the dispatcher says so, and one that joins is read", async () => {
  let proceed = () => {};
  const gate = new Promise<void>((resolve) => proceed = resolve);
  await using service = await StockService.start("range_None", [range, [() => gate.then(() => range[2])]]);
  await using reader = read(service, { processingMode: ShardingPolicy.DYNAMIC }).reader();
  const first = [];
  for (let i = 0; i < 3; i++) first.push((await reader.next()).value);
  assertEquals(first, [0n, 1n, 2n]);
  const lost = service.workers[1];
  await lost.server.stop();
  await service.addWorker([range[1]]);
  assertEquals((await reader.next()).value, 1n);
  lost.isListed = false;
  assertEquals((await reader.next()).done, true);
  proceed();
});

Deno.test("workers of other trainers' hosts are left alone, unless all are wanted", async () => {
  await using service = await StockService.start("range_None", [range, range]);
  service.workers[1].tags = ["COLOCATED"];
  assertEquals(await read(service).toArray(), [0n, 1n, 2n]);
  assertEquals(service.workers[1].requests, []);
  await using other = await StockService.start("range_None", [range, range]);
  other.workers[1].tags = ["COLOCATED"];
  assertEquals((await read(other, { targetWorkers: "ANY" }).toArray()).length, 6);
});

Deno.test("an error of the pipeline keeps its class and text and names the worker; what came before it is given", async () => {
  await using service = await StockService.start("range_None", [[
    range[0],
    refuse("invalid_argument", "assertion failed: too large"),
  ]]);
  await using reader = read(service).reader();
  assertEquals((await reader.next()).value, 0n);
  const error = await assertRejects(() => reader.next(), InvalidArgumentError, "assertion failed: too large");
  assertEquals(error.message.includes(service.workers[0].address), true);
});

Deno.test("what a reader cannot go on from is said", async () => {
  await using service = await StockService.start("range_None", [range]);
  await assertRejects(() => read(service, { datasetId: "nope" }).toArray(), NotFoundError, "nope not found");
  service.fail("ClientHeartbeat", "not_found");
  await assertRejects(() => read(service).toArray(), NotFoundError, "not_found on purpose");
  service.version = 10n;
  await assertRejects(() => read(service).toArray(), FailedPreconditionError, "speaks version 10");
  await using damaged = await StockService.start("range_None", [[new Uint8Array([42, 200, 1])]]);
  await assertRejects(() => read(damaged).toArray(), DataLossError, "Cannot read a worker's answer");
  await service.stopDispatcher();
  await assertRejects(
    () => read(service, { dispatcherTimeoutMs: 50 }).toArray(),
    UnavailableError,
    `the dispatcher at ${service.address} was not available for 50 ms`,
  );
  await service.startDispatcher(0);
});

Deno.test("a reader that leaves early takes leave of the dispatcher", async () => {
  const never = new Promise<Uint8Array>(() => {});
  await using service = await StockService.start("range_None", [[range[0], () => never]]);
  assertEquals(await read(service).take(1).toArray(), [0n]);
  assertEquals(service.released, 1);
  const controller = new AbortController();
  await using reader = read(service).reader({ signal: controller.signal });
  const waiting = reader.next();
  controller.abort(new CanceledError("enough"));
  await assertRejects(() => waiting, CanceledError, "enough");
});

Deno.test("no more is asked for than the program wants to have outstanding", async () => {
  const many = Array.from({ length: 40 }, (_, i) => range[i % 3]);
  await using service = await StockService.start("range_None", [many]);
  await using reader = read(service, { maxOutstandingRequests: 3 }).reader();
  await reader.next();
  await reader.next();
  // Two were taken; three more at most are buffered or asked for.
  assertEquals(service.workers[0].requests.length <= 5, true);
});

Deno.test("it is the source of pipelines, here and on Sluice's workers", async () => {
  await using service = await StockService.start("range_None", [range]);
  const pipeline = read(service).map((x) => Number(x) * 10).batch(2);
  assertEquals(await pipeline.toArray(), [new Float64Array([0, 10]), new Float64Array([20])]);
  for (const isolation of ["none", "process"] as const) {
    await using stock = await StockService.start("range_None", [range]);
    await using cluster = await startCluster({
      workers: 1,
      worker: isolation === "none" ? {} : { isolation, permissions: { net: true } },
    });
    const remote = read(stock).map((x) => Number(x) + 1).apply(
      distribute<number>({ processingMode: "parallel_epochs", service: cluster.service }),
    );
    assertEquals(await remote.toArray(), [1, 2, 3]);
  }
});

Deno.test("it cannot be sharded dynamically once more", async () => {
  await using service = await StockService.start("range_None", [range]);
  await using cluster = await startCluster();
  const remote = read(service).apply(
    distribute<bigint>({ processingMode: "distributed_epoch", service: cluster.service }),
  );
  const error = await assertRejects(() => remote.toArray(), Error, "Cannot create split providers");
  assertEquals(error instanceof InternalError, false);
});

Deno.test("wrong options are refused before anything is sent", () => {
  const options = {
    address: "localhost:5000",
    datasetId: "data",
    processingMode: "parallel_epochs" as const,
  };
  const wrong: [object, string][] = [
    [{ address: "http://localhost:5000" }, "`address` must be that of a dispatcher"],
    [{ address: "localhost" }, "`address` must be that of a dispatcher"],
    [{ datasetId: "" }, "`datasetId`"],
    [{ processingMode: "epochs" }, "`processingMode`"],
    [{ targetWorkers: "LOCAL" }, "Local reads require local tf.data workers"],
    [{ elementSpec: { kind: "int64" } }, "`elementSpec` is no element spec"],
    [{ jobName: "" }, "`jobName`"],
    [{ crossTrainerCache: new CrossTrainerCache("me") }, "requires named jobs"],
    [{ maxOutstandingRequests: 0 }, "`maxOutstandingRequests`"],
    [{ numConsumers: 2 }, "numConsumers"],
  ];
  for (const [change, message] of wrong) {
    assertThrows(
      () => Dataset.fromTfDataService({ ...options, ...change }),
      InvalidArgumentError,
      message,
    );
  }
  Dataset.fromTfDataService({ ...options, address: "grpc://[::1]:5000" });
});
