import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DeadlineExceededError,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  raceAbort,
  ResourceExhaustedError,
  SluiceError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { DispatcherService } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import {
  createDispatcherClient,
  isRetryable,
  MAX_MESSAGE_BYTES,
  mountServices,
  normalizeTarget,
} from "../../src/rpc/mod.ts";

/** A dispatcher whose GetVersion does as told, and a client of it, without a socket. */
function dispatcherThat(
  getVersion: (signal: AbortSignal) => Promise<{ version: number }>,
  defaultTimeoutMs = 10_000,
) {
  const handle = mountServices((router) =>
    router.service(DispatcherService, { getVersion: (_, context) => getVersion(context.signal) })
  );
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    return raceAbort(handle(request)!, request.signal);
  };
  return { client: createDispatcherClient("host:5050", { fetch, defaultTimeoutMs }), handle };
}

Deno.test("a call gets its answer", async () => {
  const { client } = dispatcherThat(() => Promise.resolve({ version: 1 }));
  assertEquals((await client.getVersion({})).version, 1);
});

Deno.test("errors keep their class and message on their way", async () => {
  for (
    const error of [
      new NotFoundError("Task 3 not found"),
      new InvalidArgumentError("Bad"),
      new InternalError("Boom"),
    ]
  ) {
    const { client } = dispatcherThat(() => Promise.reject(error));
    const received = await assertRejects(() => client.getVersion({}), SluiceError);
    assertEquals([received.name, received.code, received.message], [error.name, error.code, error.message]);
  }
});

Deno.test("an error that is not Sluice's arrives as internal with its message", async () => {
  const { client } = dispatcherThat(() => Promise.reject(new RangeError("oops")));
  await assertRejects(() => client.getVersion({}), InternalError, "oops");
});

Deno.test("a server that does not answer in time is a DeadlineExceededError naming it", async () => {
  const { client } = dispatcherThat(() => new Promise(() => {}), 20);
  const error = await assertRejects(() => client.getVersion({}), DeadlineExceededError, "host:5050");
  assert(isRetryable(error));
});

Deno.test("a caller that gives up gets its own reason", async () => {
  const { client } = dispatcherThat(() => new Promise(() => {}));
  const controller = new AbortController();
  const call = client.getVersion({}, { signal: controller.signal });
  controller.abort(new RangeError("mine"));
  await assertRejects(() => call, RangeError, "mine");
});

Deno.test("a refused connection is unavailable and names the address", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const error = await assertRejects(
    () => createDispatcherClient(address).getVersion({}),
    UnavailableError,
    address,
  );
  assert(isRetryable(error));
});

Deno.test("a server that is no Sluice server is said to be none", async () => {
  const fetch = () => Promise.resolve(new Response("hello", { headers: { "content-type": "text/plain" } }));
  await assertRejects(
    () => createDispatcherClient("host:1", { fetch }).getVersion({}),
    SluiceError,
    "is it a Sluice server",
  );
});

Deno.test("another protocol version is refused with both numbers", async () => {
  const { handle } = dispatcherThat(() => Promise.resolve({ version: 1 }));
  const answer = await handle(
    new Request("http://host/sluice.v1.DispatcherService/GetVersion", {
      method: "POST",
      headers: { "content-type": "application/json", "sluice-protocol-version": "7" },
      body: "{}",
    }),
  )!;
  assertEquals(await answer.json(), {
    code: "failed_precondition",
    message: "Cannot talk to a peer of protocol version 7: this server speaks version 1",
  });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    request.headers.set("sluice-protocol-version", "7");
    return await handle(request)!;
  };
  await assertRejects(
    () => createDispatcherClient("h:1", { fetch }).getVersion({}),
    FailedPreconditionError,
    "version 7",
  );
});

Deno.test("garbage and oversized bodies get an error, and the server goes on", async () => {
  const { client, handle } = dispatcherThat(() => Promise.resolve({ version: 1 }));
  const post = (body: BodyInit, type: string) =>
    handle(
      new Request("http://host/sluice.v1.DispatcherService/GetDatasetDef", {
        method: "POST",
        headers: { "content-type": type },
        body,
      }),
    )!;
  assertEquals((await post(new Uint8Array([0xff, 0xff]), "application/proto")).status, 400);
  assertEquals((await post("{", "application/json")).status, 400);
  assertEquals((await post("x", "text/html")).status, 415);
  let left = MAX_MESSAGE_BYTES + 1;
  const piece = new Uint8Array(16 * 1024 * 1024);
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) controller.close();
    },
  });
  const answer = await post(endless, "application/proto");
  assertEquals((await answer.json()).code, new ResourceExhaustedError("").code);
  assertEquals((await client.getVersion({})).version, 1);
});

Deno.test("targets are completed, and what is none is refused", () => {
  assertEquals(normalizeTarget("localhost:5050"), "http://localhost:5050");
  assertEquals(normalizeTarget("https://data.example:443"), "https://data.example");
  assertEquals(normalizeTarget("[::1]:5050"), "http://[::1]:5050");
  const refused: [string, string][] = [
    ["grp://localhost:1", "No credentials factory has been registered for protocol grp"],
    ["http://a://b", "multiple '://'"],
    ["local host:1", "expected host:port"],
    ["localhost:99999", "expected host:port"],
    ["localhost:1/path", "nothing else"],
  ];
  for (const [service, message] of refused) {
    assertThrows(() => normalizeTarget(service), InvalidArgumentError, message);
  }
});
