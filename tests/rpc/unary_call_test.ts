import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeadlineExceededError, FakeClock, NotFoundError, SluiceError } from "../../src/base/mod.ts";
import { DispatcherService } from "../../src/gen/sluice/v1/dispatcher_pb.ts";
import { createDispatcherClient, mountServices } from "../../src/rpc/mod.ts";

const PROTO = { "content-type": "application/proto" };

/** What a client sends, and what it then makes of `answer`. */
async function exchange(make: (fetch: typeof globalThis.fetch) => Promise<unknown>, answer: () => Response) {
  const sent: unknown[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const headers = Object.fromEntries(request.headers);
    delete headers["sluice-protocol-version"];
    sent.push([request.method, request.url, request.redirect, headers, await request.bytes()]);
    return answer();
  };
  const outcome = await make(fetch);
  return { sent, outcome };
}

const stock = (fetch: typeof globalThis.fetch) =>
  createClient(
    DispatcherService,
    createConnectTransport({
      baseUrl: "http://host:5050",
      useBinaryFormat: true,
      defaultTimeoutMs: 10_000,
      fetch,
    }),
  );

Deno.test("a call sends and reads what the stock transport does", async () => {
  const request = { address: "worker:1", knownTasksTag: 5n, iterationClientId: 12n };
  for (const answer of [new Uint8Array(), new Uint8Array([0x18, 0x01])]) {
    const reply = () => new Response(answer, { headers: PROTO });
    const ours = await exchange(
      (fetch) => createDispatcherClient("host:5050", { fetch }).clientHeartbeat(request),
      reply,
    );
    const theirs = await exchange((fetch) => stock(fetch).clientHeartbeat(request), reply);
    assertEquals(ours, theirs);
  }
});

Deno.test("whatever is no answer becomes one error with the address or the server's words", async () => {
  const json = { "content-type": "application/json" };
  const answers: [Response, string, string][] = [
    [Response.json({ code: "not_found", message: "No task 3" }, { status: 404 }), "not_found", "No task 3"],
    [Response.json({ message: "?" }, { status: 503 }), "unavailable", "?"],
    [Response.json([], { status: 503 }), "unavailable", "HTTP 503"],
    [new Response("{", { status: 500, headers: json }), "unknown", "host:5050"],
    [new Response("<html>", { status: 502 }), "unavailable", "HTTP 502"],
    [new Response("hello"), "unknown", "is it a Sluice server"],
    [new Response("{}", { headers: json }), "internal", "application/json"],
    [new Response(new Uint8Array([0xff]), { headers: PROTO }), "internal", "parse binary"],
  ];
  for (const [answer, code, words] of answers) {
    const client = createDispatcherClient("host:5050", { fetch: () => Promise.resolve(answer) });
    const error = await assertRejects(() => client.getVersion({}), SluiceError, words);
    assertEquals(error.code, code, words);
  }
});

Deno.test("the rest of an answer that is not understood is given up", async () => {
  const given = Promise.withResolvers<unknown>();
  const client = createDispatcherClient("host:5050", {
    fetch: (_, init) => {
      init!.signal!.addEventListener("abort", () => given.resolve(init!.signal!.reason));
      return Promise.resolve(new Response(new ReadableStream(), { status: 502 }));
    },
  });
  const error = await assertRejects(() => client.getVersion({}), SluiceError);
  assertEquals(await given.promise, error);
});

Deno.test("deadlines are the clock's, and leave no timer behind", async () => {
  const clock = new FakeClock();
  const fetch: typeof globalThis.fetch = (_, init) =>
    new Promise((_, reject) => {
      init!.signal!.addEventListener("abort", () => reject(new DOMException("odd words", "AbortError")));
    });
  const client = createDispatcherClient("host:5050", { fetch, clock });
  const call = client.getVersion({}, { timeoutMs: 50 });
  call.catch(() => {});
  await clock.advance(49);
  assertEquals(clock.pending, 1);
  await clock.advance(1);
  await assertRejects(() => call, DeadlineExceededError, "No answer from host:5050 in time");
  assertEquals(clock.pending, 0);
});

Deno.test("a call of a caller that has left is not sent", async () => {
  let sent = false;
  const fetch = () => {
    sent = true;
    return Promise.reject(new TypeError("no"));
  };
  const signal = AbortSignal.abort(new RangeError("mine"));
  const client = createDispatcherClient("host:5050", { fetch });
  await assertRejects(() => client.getVersion({}, { signal }), RangeError, "mine");
  assert(!sent);
});

Deno.test("what a handler refuses comes as its error", async () => {
  const handle = mountServices((router) =>
    router.service(DispatcherService, {
      getVersion: () => Promise.reject(new NotFoundError("No such thing")),
    })
  );
  const fetch: typeof globalThis.fetch = (input, init) => handle(new Request(input, init))!;
  const client = createDispatcherClient("host:5050", { fetch });
  await assertRejects(() => client.getVersion({}), NotFoundError, "No such thing");
});
