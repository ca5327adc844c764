import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Clock,
  FailedPreconditionError,
  FakeClock,
  InvalidArgumentError,
  joinBytes,
  NotFoundError,
  PermissionDeniedError,
  SeededRandom,
  systemClock,
  UnauthenticatedError,
  UnavailableError,
} from "../../src/base/mod.ts";
import { httpFileSystem, type HttpFileSystemOptions, portableFileSystem } from "../../src/sources/mod.ts";
import { testByteSource } from "./byte_source_contract.ts";
import { utf8 } from "./helpers.ts";
import { fakeServer, type Fault, type HttpFixture, serveFiles } from "./http_fixture.ts";

testByteSource("http", (contents) => {
  const server = serveFiles({ files: contents });
  return Promise.resolve({
    files: httpFileSystem(),
    nameOf: (file: string) => server.base + file,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}, { skip: { lists: "a URL is always taken literally, and nothing can be listed" } });

testByteSource("http without ranges", (contents) => {
  const server = serveFiles({ files: contents, fault: () => "ignoreRange" });
  return Promise.resolve({
    files: httpFileSystem(),
    nameOf: (file: string) => server.base + file,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}, { skip: { lists: "a URL is always taken literally, and nothing can be listed" } });

const BYTES = Uint8Array.from({ length: 60_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

/** A file system that does not wait between retries, and says how long it would have waited. */
function impatient(options: HttpFileSystemOptions = {}) {
  const sleeps: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, sleep) =>
      sleep?.signal?.aborted ? Promise.reject(sleep.signal.reason) : Promise.resolve(void sleeps.push(ms)),
  };
  return { files: httpFileSystem({ clock, random: new SeededRandom(1), ...options }), sleeps };
}

function serve(fault?: Fault, headers?: Record<string, string>) {
  return fakeServer({ files: { "a.bin": BYTES }, fault, headers });
}

async function readFrom(
  server: HttpFixture & { fetch?: typeof fetch },
  { start, maxRetries = 4 }: { start?: number; maxRetries?: number } = {},
) {
  const { files, sleeps } = impatient({ maxRetries, ...(server.fetch ? { fetch: server.fetch } : {}) });
  const stream = await files.source(server.base + "a.bin").open({ start });
  return { bytes: joinBytes(await Array.fromAsync(stream)), sleeps };
}

function ranges(server: HttpFixture): (string | null)[] {
  return server.requests.map((request) => request.headers.get("range"));
}

Deno.test("a broken connection is made again at the byte that was reached, for the same version of the file", async () => {
  await using server = serveFiles({
    files: { "a.bin": BYTES },
    headers: { etag: '"v1"' },
    fault: (_, i) => i < 2 ? { breakAfter: 25_000 } : undefined,
  });
  const { bytes, sleeps } = await readFrom(server);
  assertEquals(bytes, BYTES);
  assertEquals(sleeps.length, 2);
  const [first, second, third] = ranges(server);
  assertEquals(first, null);
  const [at, later] = [second, third].map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1]));
  assert(at > 0 && at <= 25_000 && later > at && later <= 50_000, `went on at ${at} and ${later}`);
  assertEquals(server.requests.map((request) => request.headers.get("if-range")), [null, '"v1"', '"v1"']);
  assertEquals(server.requests[0].headers.get("accept-encoding"), "identity");
});

Deno.test("a server that ignores ranges sends the bytes again, and they are skipped", async () => {
  const server = serve(
    (_, i) => ({ breakAfter: i < 2 ? 15_000 + 20_000 * i : Infinity, ignoreRange: true }),
    {
      etag: '"v1"',
    },
  );
  assertEquals((await readFrom(server, { start: 7 })).bytes, BYTES.subarray(7));
  assertEquals(server.requests.length, 3);
});

Deno.test("connections may break anywhere: the bytes are the same", async () => {
  const breaks = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(breaks, fc.boolean(), fc.nat(BYTES.length), async (breaks, ignoreRange, start) => {
      const server = serve((_, i) => ({ breakAfter: breaks[i] ?? Infinity, ignoreRange }));
      assertEquals((await readFrom(server, { start })).bytes, BYTES.subarray(start));
    }),
    { numRuns: 25 },
  );
});

Deno.test("a file that changes while it is read is refused", async () => {
  const broken: Fault = (_, i) => i === 0 ? { breakAfter: 25_000 } : undefined;
  const changes: [string, Fault][] = [
    ["another ETag", (_, i) => i === 0 ? undefined : new Response(BYTES, { headers: { etag: '"v2"' } })],
    [
      "another size",
      (_, i) =>
        i === 0
          ? undefined
          : new Response(BYTES.slice(1), { headers: { etag: '"v1"', "content-length": "59999" } }),
    ],
  ];
  for (const [what, change] of changes) {
    const server = serve((request, i) => broken(request, i) ?? change(request, i), { etag: '"v1"' });
    const error = await assertRejects(() => readFrom(server), FailedPreconditionError, undefined, what);
    assertEquals(
      error.message,
      `Cannot go on reading "${server.base}a.bin": it has changed since its first bytes were read`,
    );
  }
});

Deno.test("a weak ETag is compared, but not sent as a condition", async () => {
  const server = serve((_, i) => i === 0 ? { breakAfter: 25_000 } : undefined, { etag: 'W/"v1"' });
  assertEquals((await readFrom(server)).bytes, BYTES);
  assertEquals(server.requests.map((request) => request.headers.get("if-range")), [null, null]);
});

Deno.test("statuses become errors that name the URL", async () => {
  const cases: [number, new (message: string) => Error][] = [
    [404, NotFoundError],
    [410, NotFoundError],
    [401, UnauthenticatedError],
    [403, PermissionDeniedError],
    [400, FailedPreconditionError],
    [451, FailedPreconditionError],
  ];
  for (const [status, Class] of cases) {
    const server = serve(() => new Response("no", { status }));
    const error = await assertRejects(() => readFrom(server), Class);
    assertStringIncludes(error.message, `Cannot read "${server.base}a.bin": the server answers ${status}`);
    assertEquals(server.requests.length, 1, "what will not change is not asked for again");
  }
});

Deno.test("a busy server is asked again, longer and longer apart, and then given up", async () => {
  for (const status of [500, 503, 429, 408]) {
    const server = serve(() => new Response("busy", { status }));
    const { files, sleeps } = impatient({ fetch: server.fetch });
    const url = server.base + "a.bin";
    const error = await assertRejects(() => files.source(url).open(), UnavailableError);
    assertStringIncludes(
      error.message,
      `Cannot read "${url}" after 5 attempts: the server answers ${status}`,
    );
    assertEquals([server.requests.length, sleeps.length], [5, 4]);
    assert(sleeps.every((ms, i) => ms >= 60 * 2 ** i && ms <= 100 * 2 ** i), `slept ${sleeps}`);
  }
});

Deno.test("a server that recovers is read", async () => {
  const server = serve((_, i) => i < 3 ? new Response("busy", { status: 503 }) : undefined);
  assertEquals((await readFrom(server)).bytes, BYTES);
});

Deno.test("bytes that arrive start the count of failures again", async () => {
  const server = serve((_, i) => i < 5 ? { breakAfter: 10_000 } : undefined);
  assertEquals((await readFrom(server, { maxRetries: 1 })).bytes, BYTES);
  const stuck = serve((_, i) => i === 0 ? { breakAfter: 25_000 } : { breakAfter: 0 });
  await assertRejects(() => readFrom(stuck, { maxRetries: 2 }), UnavailableError, "after 3 attempts");
  assertEquals(stuck.requests.length, 3);
});

Deno.test("a refused connection is UnavailableError with the URL", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `http://127.0.0.1:${listener.addr.port}/a.bin`;
  listener.close();
  const { files } = impatient({ maxRetries: 1 });
  for (const work of [() => files.source(url).open(), () => files.source(url).size()]) {
    const error = await assertRejects(work, UnavailableError);
    assertStringIncludes(error.message, `Cannot read "${url}" after 2 attempts: `);
  }
});

Deno.test("a process without the permission to connect is told so, at once", async () => {
  const refusal = Object.assign(new Error("Requires net access"), { name: "NotCapable" });
  const { files, sleeps } = impatient({ fetch: () => Promise.reject(refusal) });
  const error = await assertRejects(() => files.source("http://host/a").open(), PermissionDeniedError);
  assertEquals(error.message, 'Cannot read "http://host/a": Requires net access');
  assertEquals(sleeps, []);
});

Deno.test("a body that ends early without an error is a broken connection, too", async () => {
  let requests = 0;
  const early: typeof fetch = (_, init) => {
    const start = Number(/\d+/.exec(new Headers(init?.headers).get("range") ?? "0")![0]);
    requests++;
    const headers = { "content-length": "6", "content-range": `bytes ${start}-5/6` };
    return Promise.resolve(
      new Response(utf8("012345").slice(start, start + 2), { status: start ? 206 : 200, headers }),
    );
  };
  const { files } = impatient({ fetch: early });
  const stream = await files.source("http://host/a").open();
  assertEquals(joinBytes(await Array.fromAsync(stream)), utf8("012345"));
  assertEquals(requests, 3);
});

Deno.test("an answer that was compressed on the way has no known size", async () => {
  const encoded: typeof fetch = () =>
    Promise.resolve(new Response("0123", { headers: { "content-length": "2", "content-encoding": "gzip" } }));
  const { files } = impatient({ fetch: encoded });
  assertEquals(await files.source("http://host/a").size(), null);
  assertEquals(joinBytes(await Array.fromAsync(await files.source("http://host/a").open())), utf8("0123"));
});

Deno.test("a server that does not know HEAD still tells the size", async () => {
  const server = serve((request) =>
    request.method === "HEAD" ? new Response(null, { status: 405 }) : undefined
  );
  assertEquals(
    await impatient({ fetch: server.fetch }).files.source(server.base + "a.bin").size(),
    BYTES.length,
  );
  assertEquals(ranges(server), [null, "bytes=0-0"]);
});

Deno.test("a silent server is given up after the idle timeout", async () => {
  const clock = new FakeClock();
  const signals: AbortSignal[] = [];
  const silent: typeof fetch = (_, init) => {
    const signal = init!.signal!;
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const files = httpFileSystem({ fetch: silent, clock, maxRetries: 1, idleTimeoutMs: 5_000 });
  const opening = assertRejects(() => files.source("http://host/a").open(), UnavailableError);
  await clock.advance(4_999);
  assertEquals(signals.map((signal) => signal.aborted), [false]);
  await clock.advance(20_000);
  const error = await opening;
  assertEquals(
    error.message,
    'Cannot read "http://host/a" after 2 attempts: the server said nothing for 5000 ms',
  );
  assertEquals(signals.map((signal) => signal.aborted), [true, true]);
  assertEquals(clock.pending, 0);
});

Deno.test("aborting ends the wait between retries", async () => {
  const clock = new FakeClock();
  const refused: typeof fetch = () => Promise.reject(new TypeError("refused"));
  const controller = new AbortController();
  const reason = new Error("enough");
  const files = httpFileSystem({ fetch: refused, clock });
  const opening = assertRejects(() => files.source("http://host/a").open({ signal: controller.signal }));
  await clock.advance(1);
  controller.abort(reason);
  assertEquals(await opening, reason);
  assertEquals(clock.pending, 0);
});

Deno.test("cancelling the stream ends the request", async () => {
  let aborted = false;
  const endless: typeof fetch = (_, init) => {
    init!.signal!.addEventListener("abort", () => aborted = true);
    return Promise.resolve(new Response(new ReadableStream({ pull: (c) => c.enqueue(utf8("x")) })));
  };
  const stream = await httpFileSystem({ fetch: endless }).source("http://host/a").open();
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assert(aborted);
});

Deno.test("data and blob URLs are read", async () => {
  const data = "data:text/plain,hello";
  assertEquals(
    joinBytes(await Array.fromAsync(await portableFileSystem.source(data).open())),
    utf8("hello"),
  );
  const blob = URL.createObjectURL(new Blob(["0123456789"]));
  const stream = await portableFileSystem.source(blob).open({ start: 4 });
  assertEquals(joinBytes(await Array.fromAsync(stream)), utf8("456789"));
  URL.revokeObjectURL(blob);
});

Deno.test("a URL is listed as it is, and other names are refused by a runtime without files", async () => {
  assertEquals(await portableFileSystem.list("http://host/*.txt"), ["http://host/*.txt"]);
  const message = 'Cannot read "a.txt": this runtime reads URLs only';
  const source = portableFileSystem.source("a.txt");
  for (const work of [() => portableFileSystem.list("a.txt"), () => source.open(), () => source.size()]) {
    assertEquals((await assertRejects<Error>(work, FailedPreconditionError)).message, message);
  }
  const error = await assertRejects(() => portableFileSystem.list("http://"), InvalidArgumentError);
  assertEquals(error.message, 'Cannot read "http://": it is not a well-formed URL');
});

Deno.test("bad options are refused", () => {
  assertThrows(() => httpFileSystem({ maxRetries: -1 }), InvalidArgumentError, "`maxRetries`");
  assertThrows(() => httpFileSystem({ idleTimeoutMs: 0 }), InvalidArgumentError, "`idleTimeoutMs`");
  assertThrows(
    () => httpFileSystem({ retries: 1 } as HttpFileSystemOptions),
    InvalidArgumentError,
    '"retries"',
  );
});
