import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { DONE } from "../../src/executor/mod.ts";
import { Compression } from "../../src/gen/sluice/v1/dataset_pb.ts";
import { TargetWorkers } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { parseGraph } from "../../src/graph/mod.ts";
import { decodeValue } from "../../src/element/mod.ts";
import { fakeService, INPUT, passTime, readAll, serviceNode, settle } from "./support/fixture.ts";

Deno.test("the passes over a node share registration and job, and are counted from 0", async () => {
  const { dispatcher, open, workers } = fakeService([[1]]);
  const node = serviceNode();
  for (let pass = 0; pass < 3; pass++) {
    workers[0].taken = 0;
    assertEquals(await readAll(open(node)), [1]);
  }
  assertEquals(dispatcher.registered.length, 1);
  assertEquals(dispatcher.jobs.length, 1);
  assertEquals(dispatcher.iterations.map(({ jobId, repetition }) => [jobId, repetition]), [
    [5000n, 0n],
    [5000n, 1n],
    [5000n, 2n],
  ]);
});

Deno.test("passes that begin at the same time share registration and job too", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  const node = serviceNode();
  const readers = [open(node), open(node), open(node)];
  await Promise.all(readers.map((reader) => reader.next()));
  assertEquals([dispatcher.registered.length, dispatcher.jobs.length], [1, 1]);
  assertEquals(dispatcher.iterations.map(({ repetition }) => repetition), [0n, 1n, 2n]);
  await Promise.all(readers.map((reader) => reader.close()));
});

Deno.test("two nodes over one input register it once for a service and compression, and have jobs of their own", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  for (const options of [{ shardingPolicy: 0 }, { shardingPolicy: 1 }, { compression: "NONE" as const }]) {
    await open(serviceNode(options)).next();
  }
  assertEquals(dispatcher.registered.map(({ metadata }) => metadata?.compression), [
    Compression.AUTO_UNSPECIFIED,
    Compression.NONE,
  ]);
  assertEquals(dispatcher.jobs.map(({ datasetId, shardingPolicy }) => [datasetId, shardingPolicy]), [
    ["1000", 0],
    ["1000", 1],
    ["1001", 0],
  ]);
});

Deno.test("an input whose dataset the dispatcher has forgotten is registered again for the next job", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  await open(serviceNode({ shardingPolicy: 0 })).next();
  assertEquals(dispatcher.registered.map(({ renewable }) => renewable), [true]);
  dispatcher.forgotten.add("1000");
  await open(serviceNode({ shardingPolicy: 1 })).next();
  assertEquals(dispatcher.jobs.map(({ datasetId }) => datasetId), ["1000", "1001"]);
  dispatcher.forgotten.add("1001").add("1002");
  await assertRejects(
    () => open(serviceNode({ shardingPolicy: 2 })).next() as Promise<unknown>,
    NotFoundError,
    "Dataset id 1002 not found",
  );
});

Deno.test("the registration carries the graph and what is known of it", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  await open(serviceNode()).next();
  const [{ dataset, metadata, requestId }] = dispatcher.registered;
  assertEquals(dataset?.format, "sluice");
  assertEquals(parseGraph(dataset!.graph).root, INPUT);
  assertEquals(metadata?.cardinality, 10n);
  assertEquals(decodeValue(metadata!.elementSpec), { kind: "number" });
  assertMatch(requestId, /^[0-9a-f]{32}$/);
});

Deno.test("the job and the streams carry the node's options", async () => {
  const { dispatcher, workers, open } = fakeService([[1]]);
  await open(serviceNode({ jobName: "cached", trainerId: "trainer-1", targetWorkers: "ANY" })).next();
  await open(serviceNode({ jobName: "coordinated", consumerIndex: 1, numConsumers: 2 })).next();
  await open(serviceNode({ exactlyOnce: true })).next();
  const [cached, coordinated, exact] = dispatcher.jobs;
  assertEquals([cached.jobName, cached.useCrossTrainerCache], ["cached", true]);
  assertEquals(cached.targetWorkers, TargetWorkers.ANY);
  assertEquals([coordinated.numConsumers, coordinated.useCrossTrainerCache], [2, false]);
  assertEquals(coordinated.targetWorkers, TargetWorkers.AUTO_UNSPECIFIED);
  assertEquals([coordinated.requireExactlyOnce, exact.requireExactlyOnce], [false, true]);
  assertEquals(workers[0].opened[0].trainer, "trainer-1");
});

Deno.test("a job without a name stays without one", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  await open(serviceNode()).next();
  assertEquals(dispatcher.jobs[0].jobName, undefined);
  assertEquals(dispatcher.jobs[0].numConsumers, undefined);
});

Deno.test("a registration that failed is not remembered, and its pass does not count", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  const node = serviceNode();
  dispatcher.registerError = new InvalidArgumentError("Cannot register: no");
  await assertRejects(async () => await open(node).next(), InvalidArgumentError, "no");
  dispatcher.registerError = null;
  assertEquals(await readAll(open(node)), [1]);
  assertEquals(dispatcher.iterations.map(({ repetition }) => repetition), [0n]);
});

Deno.test("a pass that could not be begun does not count", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  const node = serviceNode({ jobName: "shared" });
  dispatcher.iterationError = new InternalError("broken");
  await assertRejects(async () => await open(node).next(), InternalError, "broken");
  dispatcher.iterationError = null;
  assertEquals(await readAll(open(node)), [1]);
  assertEquals(dispatcher.iterations.map(({ repetition }) => repetition), [0n]);
});

Deno.test("a pass that waits for another one's registration makes its own if that one gives up", async () => {
  const service = fakeService([[1]]);
  const { network, open } = service;
  const node = serviceNode();
  network.set("dispatcher:5050", "refusing");
  const controller = new AbortController();
  const reason = new Error("enough");
  const first = Promise.resolve(open(node, { signal: controller.signal }).next());
  const second = readAll(open(node));
  await settle(service);
  controller.abort(reason);
  assertEquals(await first.catch((error) => error), reason);
  network.set("dispatcher:5050", "up");
  assertEquals(await passTime(service, second), [1]);
});

Deno.test("a job that the dispatcher has lost is made again", async () => {
  const service = fakeService([[1]]);
  const { dispatcher, open, workers } = service;
  const node = serviceNode();
  assertEquals(await readAll(open(node)), [1]);
  workers[0].taken = 0;
  dispatcher.jobs.length = 0;
  dispatcher.iterations.length = 0;
  // Its successor knows no job, and the next one gets the same number.
  assertEquals(await readAll(open(node)), [1]);
  assertEquals(dispatcher.registered.length, 2);
  assertEquals(dispatcher.jobs.length, 1);
});

Deno.test("a service that is started late is waited for, with a warning after a second", async () => {
  const service = fakeService([[1]]);
  const { network, clock, log, open } = service;
  network.set("dispatcher:5050", "refusing");
  const all = readAll(open(serviceNode()));
  await clock.advance(900);
  assertEquals(log.warnings, []);
  await clock.advance(200);
  assertEquals(log.warnings.length, 1);
  assertMatch(log.warnings[0].message, /register the dataset: the dispatcher at http:\/\/dispatcher:5050/);
  assertMatch(String(log.warnings[0].fields?.lastFailure), /Connection refused/);
  await clock.advance(12_000);
  network.set("dispatcher:5050", "up");
  assertEquals(await passTime(service, all), [1]);
  assertEquals(log.warnings.length, 1);
});

for (const state of ["refusing", "hanging"] as const) {
  Deno.test(`a ${state} dispatcher is tried for dispatcherTimeoutMs; the error names it and what was tried`, async () => {
    const service = fakeService([[1]]);
    const { network, clock, open } = service;
    network.set("dispatcher:5050", state);
    const pulled = Promise.resolve(open(serviceNode({ dispatcherTimeoutMs: 12_000 })).next());
    let isOver = false;
    pulled.catch(() => isOver = true);
    await clock.advance(11_900);
    assertEquals(isOver, false);
    const error = await assertRejects(() => passTime(service, pulled, 300), UnavailableError, "12000 ms");
    assertMatch(error.message, /^Cannot register the dataset: the dispatcher at http:\/\/dispatcher:5050 /);
    assertEquals(clock.pending, 0);
  });

  Deno.test(`an aborted signal ends the wait for a ${state} dispatcher at once with its reason`, async () => {
    const service = fakeService([[1]]);
    const { network, clock, open } = service;
    network.set("dispatcher:5050", state);
    const controller = new AbortController();
    const reason = new Error("enough");
    const reader = open(serviceNode(), { signal: controller.signal });
    const pulled = Promise.resolve(reader.next());
    await clock.advance(3_000);
    controller.abort(reason);
    assertEquals(await pulled.catch((error) => error), reason);
    await reader.close();
    assertEquals(clock.pending, 0);
  });
}

Deno.test("reading by an id that nobody registered is a NotFoundError with the id", async () => {
  const { open } = fakeService([[1]]);
  await assertRejects(
    async () => await open(serviceNode({ datasetId: "nowhere" })).next(),
    NotFoundError,
    "Dataset id nowhere not found",
  );
});

Deno.test("reading by an id registers nothing, and looks it up once", async () => {
  const { dispatcher, network, workers, open } = fakeService([[1]]);
  const node = serviceNode({ datasetId: "images", jobName: "dataset_id=images/job" });
  for (let pass = 0; pass < 2; pass++) {
    workers[0].taken = 0;
    assertEquals(await readAll(open(node)), [1]);
  }
  assertEquals(dispatcher.registered, []);
  assertEquals(network.count("GetDataServiceMetadata"), 1);
  assertEquals(dispatcher.jobs.map(({ datasetId, jobName }) => [datasetId, jobName]), [
    ["images", "dataset_id=images/job"],
  ]);
});

Deno.test("a compression that contradicts the registered one is refused; any other is the registered one", async () => {
  const { dispatcher, open } = fakeService([[1]]);
  dispatcher.compression = Compression.NONE;
  await assertRejects(
    async () => await open(serviceNode({ datasetId: "images", compression: "GZIP" })).next(),
    InvalidArgumentError,
    "registered with NONE, got GZIP",
  );
  assertEquals(await open(serviceNode({ datasetId: "images", compression: "NONE" })).next(), 1);
  assertEquals(await open(serviceNode({ datasetId: "images" })).next(), 1);
  dispatcher.compression = Compression.AUTO_UNSPECIFIED;
  assertEquals(await open(serviceNode({ datasetId: "images", compression: "GZIP" })).next(), 1);
});

Deno.test("an error of the dispatcher that is not its absence is not waited out", async () => {
  const { dispatcher, open, clock } = fakeService([[1]]);
  dispatcher.registerError = new InternalError("broken");
  const reader = open(serviceNode());
  await assertRejects(async () => await reader.next(), InternalError, "broken");
  assertEquals(await reader.next(), DONE);
  assertEquals(clock.now(), 1_000_000);
});

Deno.test("a local module that cannot be bundled here is refused before anything is sent", async () => {
  const { network, open } = fakeService([[1]]);
  const fn = {
    kind: "module",
    url: "file:///project/preprocess.ts",
    exportName: "decode",
    captures: null,
    hash: null,
  } as const;
  const mapped = { op: "map", inputs: [INPUT], fn, parallel: 1, deterministic: null } as const;
  await assertRejects(
    async () => await open(serviceNode({}, mapped)).next(),
    FailedPreconditionError,
    "Serialization error while trying to register a dataset",
  );
  assert(network.requests.length === 0);
});
