import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError, UnavailableError } from "../../src/base/mod.ts";
import { fetchMetadata, registerDataset } from "../../src/client/mod.ts";
import { Compression } from "../../src/gen/sluice/v1/dataset_pb.ts";
import { type GraphNode, parseGraph } from "../../src/graph/mod.ts";
import { fakeService, INPUT, passTime, settle } from "./support/fixture.ts";

const SERVICE = "dispatcher:5050";

Deno.test("a dataset is registered under a new id each time, or under the one that is asked for", async () => {
  const { environment, dispatcher } = fakeService();
  assertEquals(await registerDataset(SERVICE, INPUT, { environment }), "1000");
  assertEquals(await registerDataset(SERVICE, INPUT, { environment, compression: "NONE" }), "1001");
  assertEquals(await registerDataset(SERVICE, INPUT, { environment, datasetId: "images" }), "images");
  assertEquals(dispatcher.registered.map(({ metadata }) => metadata?.compression), [
    Compression.AUTO_UNSPECIFIED,
    Compression.NONE,
    Compression.AUTO_UNSPECIFIED,
  ]);
  assertEquals(new Set(dispatcher.registered.map(({ requestId }) => requestId)).size, 3);
});

Deno.test("a registration that is repeated keeps its request id", async () => {
  const service = fakeService();
  const { environment, dispatcher, network } = service;
  dispatcher.registerError = new UnavailableError("Dispatcher has not started yet");
  const registering = registerDataset(SERVICE, INPUT, { environment });
  await settle(service);
  dispatcher.registerError = null;
  await passTime(service, registering);
  assertEquals(network.count("GetOrRegisterDataset"), 2);
  assertEquals(dispatcher.registered.length, 1);
});

Deno.test("local modules are bundled, each once, and travel with the graph", async () => {
  const { environment, dispatcher } = fakeService();
  const bundled: string[] = [];
  const code = "export const decode = (x) => x;";
  const hash = "4f".repeat(32);
  const bundle = (url: string) => {
    bundled.push(url);
    return Promise.resolve({ hash, code });
  };
  const fn = {
    kind: "module",
    url: "file:///project/preprocess.ts",
    exportName: "decode",
    captures: null,
    hash: null,
  } as const;
  const map = (input: GraphNode): GraphNode => ({
    op: "map",
    inputs: [input],
    fn,
    parallel: 1,
    deterministic: null,
  });
  await registerDataset(SERVICE, map(map(INPUT)), { environment: { ...environment, bundle } });
  assertEquals(bundled, ["file:///project/preprocess.ts"]);
  assertEquals([...parseGraph(dispatcher.registered[0].dataset!.graph).modules], [[hash, code]]);
});

Deno.test("a service that is no target is refused at the call", () => {
  const { environment } = fakeService();
  assertThrows(
    () => registerDataset("grp://localhost:1", INPUT, { environment }),
    InvalidArgumentError,
    "No credentials factory has been registered for protocol grp",
  );
});

Deno.test("the metadata of a dataset is what was registered", async () => {
  const { environment, dispatcher } = fakeService();
  dispatcher.compression = Compression.GZIP;
  assertEquals(await fetchMetadata(SERVICE, "images", { environment }), {
    elementSpec: { kind: "any" },
    cardinality: 7,
    compression: "GZIP",
  });
  await assertRejects(
    () => fetchMetadata(SERVICE, "nowhere", { environment }),
    NotFoundError,
    "Dataset id nowhere not found",
  );
});

Deno.test("an aborted signal ends a registration at once with its reason", async () => {
  const service = fakeService();
  service.network.set(SERVICE, "hanging");
  const controller = new AbortController();
  const reason = new Error("enough");
  const { environment } = service;
  const registering = registerDataset(SERVICE, INPUT, { environment, signal: controller.signal });
  await settle(service);
  controller.abort(reason);
  assertEquals(await registering.catch((error) => error), reason);
  assertEquals(service.clock.pending, 0);
});
