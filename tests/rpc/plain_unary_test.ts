import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { assertEquals } from "@std/assert";
import { NotFoundError } from "../../src/base/mod.ts";
import {
  DispatcherService,
  GetDatasetDefRequestSchema,
  GetDatasetDefResponseSchema,
} from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { mountServices, plainUnary } from "../../src/rpc/mod.ts";

const PATH = "http://dispatcher:1/sluice.v1.DispatcherService/GetDatasetDef";
const PROTO = { "content-type": "application/proto" };

function reply({ datasetId }: { datasetId: string }) {
  if (datasetId === "none") throw new NotFoundError("No such dataset");
  if (datasetId === "broken") throw new Error("Broken");
  return create(GetDatasetDefResponseSchema, { dataset: { format: datasetId } });
}

/** The same service twice; `plain` counts what is answered beside the router. */
function servers() {
  let plain = 0;
  const routes = (router: Parameters<Parameters<typeof mountServices>[0]>[0]) =>
    void router.service(DispatcherService, { getDatasetDef: reply });
  const stock = mountServices(routes);
  const both = mountServices(routes, {
    plain: [plainUnary(DispatcherService.method.getDatasetDef, (request) => {
      plain++;
      return new Promise((resolve) => resolve(toBinary(GetDatasetDefResponseSchema, reply(request))));
    })],
  });
  return { stock, both, count: () => plain };
}

const message = (datasetId: string) =>
  toBinary(GetDatasetDefRequestSchema, create(GetDatasetDefRequestSchema, { datasetId }));

function request(body: BodyInit, headers: Record<string, string> = {}): Request {
  const all = { ...PROTO, "content-length": String((body as Uint8Array).length), ...headers };
  return new Request(PATH, { method: "POST", body, headers: all });
}

async function seen(response: Response) {
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    bytes: await response.bytes(),
  };
}

Deno.test("what is answered beside the router has the same bytes, status and type", async () => {
  const { stock, both, count } = servers();
  const headers: Record<string, string>[] = [
    {},
    { "connect-protocol-version": "1", "connect-timeout-ms": "10000" },
    { "sluice-protocol-version": "1" },
    { "sluice-protocol-version": "2" },
    { "accept-encoding": "gzip, br" },
  ];
  let calls = 0;
  for (const id of ["found", "", "none", "broken", "ünï\u{1f600}".repeat(50)]) {
    for (const header of headers) {
      const make = () => request(message(id), header);
      assertEquals(await seen((await both(make()))!), await seen((await stock(make()))!), id);
      if (header["sluice-protocol-version"] !== "2") calls++;
    }
  }
  assertEquals(count(), calls);
});

Deno.test("a body that is no message is refused beside the router with the same words", async () => {
  const { stock, both } = servers();
  for (const body of [[0xff], [0x0a, 0x7f], [0x0a]]) {
    const make = () => request(new Uint8Array(body));
    const ours = await seen((await both(make()))!);
    assertEquals(ours, await seen((await stock(make()))!));
    assertEquals(ours.status, 400);
  }
});

Deno.test("what is out of the ordinary goes through the router", async () => {
  const { stock, both, count } = servers();
  const json = () =>
    new Request(PATH, {
      method: "POST",
      body: '{"datasetId":"found"}',
      headers: { "content-type": "application/json", "content-length": "21" },
    });
  const odd: (() => Request)[] = [
    json,
    () => request(message("found"), { "connect-timeout-ms": "soon" }),
    () => request(message("found"), { "connect-timeout-ms": "99999999999" }),
    () => request(message("found"), { "content-encoding": "gzip" }),
    () => request(message("found"), { "content-type": "text/plain" }),
    () => new Request(PATH, { method: "POST", body: message("found"), headers: PROTO }),
    () => new Request(PATH, { method: "GET", headers: PROTO }),
    () => request(message("x".repeat(2_000_000))),
  ];
  for (const make of odd) {
    assertEquals(await seen((await both(make()))!), await seen((await stock(make()))!));
  }
  assertEquals(count(), 0);
});

Deno.test("a method that is not served plainly is the router's", async () => {
  const { both, count } = servers();
  const response = (await both(request(message("found"))))!;
  assertEquals(fromBinary(GetDatasetDefResponseSchema, await response.bytes()).dataset!.format, "found");
  assertEquals(count(), 1);
  const other = new Request("http://dispatcher:1/sluice.v1.DispatcherService/GetVersion", {
    method: "POST",
    body: new Uint8Array(),
    headers: { ...PROTO, "content-length": "0" },
  });
  assertEquals((await both(other))!.status, 501);
  assertEquals(both(new Request("http://dispatcher:1/elsewhere")), null);
});
