import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { FakeClock, InvalidArgumentError } from "../../src/base/mod.ts";
import { CrossTrainerCache } from "../../src/dataset/cross_trainer_cache.ts";
import { Dataset } from "../../src/dataset/dataset.ts";
import { distribute } from "../../src/dataset/distribute.ts";
import { installEnvironment } from "../../src/dataset/environment.ts";
import { fromDatasetId } from "../../src/dataset/from_dataset_id.ts";
import { registerDataset } from "../../src/dataset/register_dataset.ts";
import { udf } from "../../src/dataset/udf.ts";
import { type GraphNode, graphOf } from "../../src/graph/mod.ts";

/** A `fetch` that fails the test. */
const noFetch: typeof fetch = () => Promise.reject(new Error("nothing may be sent"));

Deno.test("a dataset can be read again, and twice at a time", async () => {
  const dataset = Dataset.range(3).map((x) => x * 2);
  assertEquals(await dataset.toArray(), await dataset.toArray());
  const [a, b] = [dataset.reader(), dataset.reader()];
  assertEquals([(await a.next()).value, (await a.next()).value, (await b.next()).value], [0, 2, 0]);
  await Promise.all([a.return(), b.return()]);
});

Deno.test("each pass over a dataset is another epoch, in the order in which passes begin", async () => {
  const shuffled = () => Dataset.range(30).shuffle(30, { seed: 5 });
  const dataset = shuffled();
  const orders = [await dataset.toArray(), await dataset.toArray(), await dataset.toArray()];
  assertEquals(new Set(orders.map(String)).size, 3);
  const other = shuffled();
  const [late, early] = [other.reader(), other.reader()];
  assertEquals([await Array.fromAsync(early), await Array.fromAsync(late)], orders.slice(0, 2));
});

Deno.test("calls of next() made at the same time come in order", async () => {
  const reader = Dataset.range(3).map(async (x) => {
    for (let turn = 3 - x; turn > 0; turn--) await Promise.resolve();
    return x;
  }).reader();
  const results = await Promise.all(Array.from({ length: 5 }, () => reader.next()));
  assertEquals(results.map((result) => result.value), [0, 1, 2, undefined, undefined]);
  assertEquals(results.map((result) => result.done), [false, false, false, true, true]);
});

Deno.test("a signal ends a pass that waits for a function", async () => {
  const controller = new AbortController();
  const begun = Promise.withResolvers<void>();
  const reader = Dataset.range(1).map(() => {
    begun.resolve();
    return new Promise<number>(() => {});
  }).reader({ signal: controller.signal });
  const waiting = reader.next();
  await begun.promise;
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
  await reader.return();
});

Deno.test("distribute() puts the graph, and its options, behind the service", () => {
  const input = Dataset.range(10).map((x) => x);
  const remote = input.apply(distribute({ processingMode: 1, service: "localhost:5050", jobName: "j" }));
  const node = graphOf(remote) as Extract<GraphNode, { op: "dataService" }>;
  assertEquals(node.op, "dataService");
  assertStrictEquals(node.inputs[0], graphOf(input));
  assertEquals([node.options.service, node.options.jobName, node.options.shardingPolicy], [
    "http://localhost:5050",
    "j",
    1,
  ]);
  assertEquals(remote.cardinality, -2);
  assertEquals(
    Dataset.range(0).apply(distribute({ processingMode: 1, service: "localhost:1" })).cardinality,
    0,
  );
});

Deno.test("distribute() refuses what is no dataset", () => {
  const transformation = distribute({ processingMode: 0, service: "localhost:1" });
  assertThrows(() => transformation([] as never), InvalidArgumentError, "`dataset` must be a Dataset");
});

Deno.test("a cross-trainer cache takes finite datasets as well as infinite ones", () => {
  const shared = <T>(dataset: Dataset<T>) =>
    dataset.apply(distribute({
      processingMode: 0,
      service: "localhost:1",
      jobName: "j",
      crossTrainerCache: new CrossTrainerCache("t"),
    }));
  assertEquals(shared(Dataset.range(10).repeat()).cardinality, -1);
  assertEquals(shared(Dataset.range(10).map((x) => x)).cardinality, -2);
  assertEquals(shared(Dataset.range(0)).cardinality, 0);
});

Deno.test("fromDatasetId() names the dataset in the job's name", () => {
  const options = { processingMode: 0, service: "localhost:1", datasetId: "d" } as const;
  const optionsOf = (dataset: Dataset<unknown>) =>
    (graphOf(dataset) as Extract<GraphNode, { op: "dataService" }>).options;
  assertEquals(optionsOf(fromDatasetId(options)).datasetId, "d");
  assertEquals(optionsOf(fromDatasetId(options)).jobName, null);
  assertEquals(optionsOf(fromDatasetId({ ...options, jobName: "j" })).jobName, "dataset_id=d/j");
});

Deno.test("fromDatasetId() checks its options", () => {
  const options = { processingMode: 0, service: "localhost:1", datasetId: "d" } as const;
  const refused = (wrong: Record<string, unknown>, message: string) =>
    assertThrows(() => fromDatasetId({ ...options, ...wrong }), InvalidArgumentError, message);
  refused({ datasetId: "" }, "`datasetId` must not be empty");
  refused({ datasetId: undefined }, "`datasetId` must be a string");
  refused({ jobName: 1 }, "`jobName` must be a string");
  refused({ jobName: "" }, "`jobName` must not be empty");
  refused({ service: "" }, "`service` must not be empty");
  refused({ elementSpec: null }, '"elementSpec"');
});

Deno.test("registerDataset() checks everything before it sends anything", async () => {
  using _ = installEnvironment({ fetch: noFetch, clock: new FakeClock() });
  const dataset = Dataset.range(3);
  const refused = (promise: Promise<unknown>, message: string) =>
    assertRejects(() => promise, InvalidArgumentError, message);
  await refused(registerDataset("", dataset), "`service` must not be empty");
  await refused(registerDataset(1 as never, dataset), "`service` must be a string");
  await refused(registerDataset("ftp://a", dataset), "ftp");
  await refused(registerDataset("localhost:1", [] as never), "`dataset` must be a Dataset");
  await refused(registerDataset("localhost:1", dataset, { datasetId: "" }), "`datasetId` must not be empty");
  await refused(
    registerDataset("localhost:1", dataset, { compression: "LZ4" as never }),
    "Invalid `compression`",
  );
  await refused(
    registerDataset("localhost:1", dataset, { dispatcherTimeoutMs: 0.5 }),
    "`dispatcherTimeoutMs`",
  );
  await refused(registerDataset("localhost:1", dataset, { signal: 1 as never }), "`signal`");
  await refused(registerDataset("localhost:1", dataset, { id: "x" } as never), '"id"');
  const outer = 5;
  await refused(registerDataset("localhost:1", dataset.map((x) => x + outer)), "outer");
  const gone = registerDataset("localhost:1", dataset, { signal: AbortSignal.abort(new Error("no time")) });
  await assertRejects(() => gone, Error, "no time");
});

Deno.test("a local module is bundled by the environment before anything is sent", async () => {
  const asked: string[] = [];
  using _ = installEnvironment({
    fetch: noFetch,
    clock: new FakeClock(),
    bundle: (url) => {
      asked.push(url);
      return Promise.reject(new InvalidArgumentError("cannot bundle it"));
    },
  });
  const dataset = Dataset.range(3).map(udf("file:///somewhere/preprocess.ts", "decode"));
  await assertRejects(
    () => registerDataset("localhost:1", dataset),
    InvalidArgumentError,
    "cannot bundle it",
  );
  assertEquals(asked, ["file:///somewhere/preprocess.ts"]);
});

Deno.test("nothing is sent before a distributed dataset is read", async () => {
  const sent: string[] = [];
  const asked = Promise.withResolvers<void>();
  using _ = installEnvironment({
    clock: new FakeClock(),
    fetch: (input) => {
      sent.push(input instanceof Request ? input.url : String(input));
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const remote = Dataset.range(3).apply(distribute({ processingMode: 0, service: "localhost:4711" }));
  const reader = remote.reader();
  remote.stream();
  await Promise.resolve();
  assertEquals(sent, []);
  const waiting = reader.next();
  await asked.promise;
  assert(sent[0].startsWith("http://localhost:4711/"), sent[0]);
  await reader.return();
  assertEquals(await waiting, { done: true, value: undefined });
});

Deno.test("an environment is put back when it is disposed of", async () => {
  const files = { source: () => assert(false), list: () => Promise.resolve(["mine"]) };
  {
    using _ = installEnvironment({ files: files as never });
    assertEquals(await Dataset.listFiles("x").toArray(), ["mine"]);
  }
  assertEquals(await Dataset.listFiles("https://example.com/x").toArray(), ["https://example.com/x"]);
});
