import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  DataLossError,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  ResourceExhaustedError,
  SluiceError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { GetElementsRequestSchema, WorkerService } from "../../src/gen/sluice/v1/worker_pb.ts";
import { encodeBatch } from "../../src/rpc/element_batch.ts";
import {
  elementStreamError,
  elementStreamResponse,
  isElementStreamRequest,
  mountServices,
  readElementStream,
  readElementStreamRequest,
  type ReceivedBatch,
  toElementBatch,
  type WireBatch,
} from "../../src/rpc/mod.ts";

function batchOf(changes: Partial<WireBatch> = {}): WireBatch {
  return {
    sequence: 0,
    count: 1,
    encoding: "columnar",
    compression: "NONE",
    uncompressedSize: 3,
    spec: null,
    sessionId: "",
    endOfSequence: false,
    payload: [new Uint8Array([1, 2, 3])],
    ...changes,
  };
}

async function* iterate<T>(items: T[], thrown?: unknown): AsyncGenerator<T> {
  yield* items;
  if (thrown) throw thrown;
}

/** A fetch that is answered in this process. */
function fetchFrom(answer: (request: Request) => Response | Promise<Response>): typeof fetch {
  return async (input, init) => await answer(new Request(input, init));
}

async function read(
  fetch: typeof globalThis.fetch,
  signal = new AbortController().signal,
): Promise<ReceivedBatch[]> {
  const batches = readElementStream("host:1", { taskId: 7n, limitSequence: 3n }, { signal, fetch });
  return await Array.fromAsync(batches);
}

const batches = fc.record({
  sequence: fc.nat(),
  count: fc.nat(1000),
  encoding: fc.constantFrom("columnar" as const, "selfDescribing" as const),
  compression: fc.constantFrom("NONE" as const, "SNAPPY" as const, "ZSTD" as const, "GZIP" as const),
  uncompressedSize: fc.nat(2 ** 30),
  spec: fc.option(fc.uint8Array({ minLength: 1, maxLength: 20 })),
  sessionId: fc.string({ maxLength: 20 }),
  endOfSequence: fc.boolean(),
  payload: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }),
});

Deno.test("batches arrive as they were sent, their payloads aligned", async () => {
  await fc.assert(fc.asyncProperty(fc.array(batches, { maxLength: 5 }), async (sent) => {
    const received = await read(fetchFrom(() => elementStreamResponse(iterate(sent as WireBatch[]))));
    assertEquals(received.length, sent.length);
    received.forEach((batch, index) => {
      const { payload, ...header } = sent[index];
      assertEquals({ ...batch, payload: [...batch.payload] }, {
        ...header,
        payload: payload.flatMap((p) => [...p]),
      });
      if (batch.payload.byteLength > 0) assertEquals(batch.payload.byteOffset % 8, 0);
    });
  }));
});

Deno.test("what to leave out and that the end is near arrive, by hand and from the stock handler", async () => {
  const sent = [batchOf({ count: 5, skipCount: 4 }), batchOf({ count: 0, draining: true, payload: [] })];
  const handle = mountServices((router) =>
    router.service(WorkerService, {
      async *getElements() {
        for (const batch of sent) yield toElementBatch(batch);
      },
    })
  );
  for (const fetch of [() => elementStreamResponse(iterate(sent)), (r: Request) => handle(r)!]) {
    const received = await read(fetchFrom(fetch));
    assertEquals(received.map((b) => [b.skipCount, b.draining]), [[4, undefined], [undefined, true]]);
  }
  const wrong = fetchFrom(() => elementStreamResponse(iterate([batchOf({ count: 5, skipCount: 5 })])));
  await assertRejects(() => read(wrong), DataLossError, "5 of its 5 elements");
});

Deno.test("a large payload goes out of its own memory, but for a beginning that goes with the header", () => {
  const sent = [crypto.getRandomValues(new Uint8Array(50_000)), new Uint8Array(16), new Uint8Array(60_000)];
  const [first, ...pieces] = encodeBatch(batchOf({ payload: sent, uncompressedSize: 110_016 }));
  assertEquals(pieces.map(({ buffer }) => buffer), sent.map(({ buffer }) => buffer));
  const joined = 110_016 - pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  assertEquals(joined, 32 * 1024);
  assertEquals((first.byteLength - joined) % 8, 0);
  assertEquals(first.subarray(-joined), sent[0].subarray(0, joined));
});

Deno.test("a stock Connect client reads the stream that is written by hand", async () => {
  const fetch = fetchFrom(async (request) => {
    assert(isElementStreamRequest(request));
    assertEquals((await readElementStreamRequest(request)).taskId, 9n);
    return elementStreamResponse(
      iterate([batchOf({ sessionId: "s" }), batchOf({ sequence: 1, endOfSequence: true })]),
    );
  });
  const transport = createConnectTransport({ baseUrl: "http://host:1", useBinaryFormat: true, fetch });
  const client = createClient(WorkerService, transport);
  const received = await Array.fromAsync(client.getElements({ taskId: 9n }));
  assertEquals(received.map((b) => [b.sequence, b.sessionId, b.endOfSequence, [...b.payload]]), [
    [0n, "s", false, [1, 2, 3]],
    [1n, "", true, [1, 2, 3]],
  ]);
});

Deno.test("the stream by hand reads what the stock Connect handler writes", async () => {
  const sent = [
    batchOf({ sessionId: "s", spec: new Uint8Array([5]) }),
    batchOf({ sequence: 1, payload: [new Uint8Array(70_000)] }),
  ];
  const handle = mountServices((router) =>
    router.service(WorkerService, {
      async *getElements(request) {
        assertEquals(request.limitSequence, 3n);
        for (const batch of sent) yield toElementBatch(batch);
      },
    })
  );
  const received = await read(fetchFrom((request) => handle(request)!));
  assertEquals(
    received.map((b) => [b.sequence, b.sessionId, b.payload.byteLength, b.payload.byteOffset % 8]),
    [
      [0, "s", 3, 0],
      [1, "", 70_000, 0],
    ],
  );
});

Deno.test("what ends a stream keeps its class and message, by hand and from the stock handler", async () => {
  const thrown = new FailedPreconditionError("Cannot read task 7: it is over");
  await assertRejects(
    () => read(fetchFrom(() => elementStreamResponse(iterate([batchOf()], thrown)))),
    FailedPreconditionError,
    "Cannot read task 7: it is over",
  );
  await assertRejects(
    () => read(fetchFrom(() => elementStreamError(thrown))),
    FailedPreconditionError,
    "it is over",
  );
  const handle = mountServices((router) =>
    router.service(WorkerService, {
      // deno-lint-ignore require-yield -- ends before its first message
      async *getElements() {
        throw new TypeError("x is not a function");
      },
    })
  );
  await assertRejects(() => read(fetchFrom((r) => handle(r)!)), InternalError, "x is not a function");
});

Deno.test("a stream that breaks off is unavailable, wherever it is cut", async () => {
  const whole = new Uint8Array(
    await elementStreamResponse(iterate([batchOf(), batchOf({ sequence: 1 })])).arrayBuffer(),
  );
  for (let length = 0; length < whole.length; length++) {
    const cut = fetchFrom(() =>
      new Response(whole.slice(0, length), { headers: { "content-type": "application/connect+proto" } })
    );
    await assertRejects(() => read(cut), UnavailableError, "host:1");
  }
});

Deno.test("damaged bytes give an error of Sluice and nothing else", async () => {
  const whole = new Uint8Array(
    await elementStreamResponse(iterate([batchOf({ sessionId: "abc" })])).arrayBuffer(),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const damaged = whole.slice();
      damaged[at] ^= flip;
      const fetch = fetchFrom(() =>
        new Response(damaged, { headers: { "content-type": "application/connect+proto" } })
      );
      await read(fetch).catch((error) => assert(error instanceof SluiceError, `${error}`));
    }),
    { numRuns: 300 },
  );
});

Deno.test("an envelope over the limit is refused before anything is allocated", async () => {
  const huge = new Uint8Array([0, 0xff, 0xff, 0xff, 0xff, 1]);
  const fetch = fetchFrom(() =>
    new Response(huge, { headers: { "content-type": "application/connect+proto" } })
  );
  await assertRejects(() => read(fetch), DataLossError, "over the limit");
});

Deno.test("an answer that is no element stream says what came and from where", async () => {
  const page = fetchFrom(() =>
    new Response("<html>", { status: 404, headers: { "content-type": "text/html" } })
  );
  await assertRejects(() => read(page), DataLossError, "host:1: HTTP status 404");
  const proxy = fetchFrom(() => new Response("", { status: 503 }));
  await assertRejects(() => read(proxy), UnavailableError, "HTTP status 503");
});

Deno.test("an aborted signal ends the read at once with its reason", async () => {
  const controller = new AbortController();
  const silent = fetchFrom(() =>
    new Response(new ReadableStream(), { headers: { "content-type": "application/connect+proto" } })
  );
  const reading = read(silent, controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => reading, Error, "enough");
});

Deno.test("a reader that leaves ends the batches of the server", async () => {
  const ended = Promise.withResolvers<string>();
  async function* endless(): AsyncGenerator<WireBatch> {
    try {
      for (let sequence = 0;; sequence++) yield batchOf({ sequence });
    } finally {
      ended.resolve("ended");
    }
  }
  const stream = readElementStream("host:1", {}, {
    signal: new AbortController().signal,
    fetch: fetchFrom(() => elementStreamResponse(endless())),
  });
  for await (const _ of stream) break;
  assertEquals(await ended.promise, "ended");
});

function requestOf(body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Request {
  return new Request("http://host/sluice.v1.WorkerService/GetElements", {
    method: "POST",
    body,
    headers: { "content-type": "application/connect+proto", ...headers },
  });
}

Deno.test("requests that are garbage, oversized or of another version are refused", async () => {
  await assertRejects(
    () => readElementStreamRequest(requestOf(new Uint8Array())),
    InvalidArgumentError,
    "no envelope",
  );
  await assertRejects(
    () => readElementStreamRequest(requestOf(new Uint8Array([0, 0, 0, 0, 9, 1]))),
    InvalidArgumentError,
    "the body ends in the message",
  );
  await assertRejects(
    () => readElementStreamRequest(requestOf(new Uint8Array([0, 0, 0, 0, 2, 0xff, 0xff]))),
    InvalidArgumentError,
    "damaged",
  );
  await assertRejects(
    () => readElementStreamRequest(requestOf(new Uint8Array([0, 0, 2, 0, 0]))),
    ResourceExhaustedError,
    "over the limit of 65536",
  );
  await assertRejects(
    () => readElementStreamRequest(requestOf(new Uint8Array(), { "sluice-protocol-version": "2" })),
    FailedPreconditionError,
    "protocol version 2: this server speaks version 1",
  );
  const empty = await readElementStreamRequest(requestOf(new Uint8Array(5)));
  assertEquals(empty, create(GetElementsRequestSchema));
});
