import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { silentLog, UnavailableError } from "../../src/base/mod.ts";
import { listenNear } from "../../src/platform/serve_near.ts";

/** A server on a socket in a directory of its own. */
class Served implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/test.sock`;
  readonly server;

  constructor(handler: (request: Request) => Response | Promise<Response>) {
    this.server = listenNear({ path: this.path, handler, log: silentLog });
  }

  connect(): Promise<Deno.Conn> {
    return Deno.connect({ transport: "unix", path: this.path });
  }

  /** What the server says to these bytes, up to the end of the connection. */
  async say(...pieces: string[]): Promise<string> {
    using connection = await this.connect();
    for (const piece of pieces) await connection.write(new TextEncoder().encode(piece));
    return await new Response(connection.readable).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop(0);
    await Deno.remove(this.directory, { recursive: true });
  }
}

const echo = async (request: Request) =>
  new Response(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`, {
    headers: { "content-type": request.headers.get("content-type") ?? "none" },
  });

Deno.test("a request reaches the handler however it is cut, and the response ends with the connection", async () => {
  await using served = new Served(echo);
  const text = "POST /a/b HTTP/1.1\r\ncontent-type: x/y\r\ncontent-length: 5\r\n\r\nhello";
  const whole = await served.say(text);
  assertEquals(whole, "HTTP/1.1 200 \r\nconnection: close\r\ncontent-type: x/y\r\n\r\nPOST /a/b hello");
  for (let at = 1; at < text.length; at++) {
    assertEquals(await served.say(text.slice(0, at), text.slice(at)), whole);
  }
});

Deno.test("whoever asks for it is led to a port, which answers nobody else", async () => {
  await using served = new Served(echo);
  const head = await served.say("POST /a/b HTTP/1.1\r\nsluice-wider: 1\r\ncontent-length: 5\r\n\r\nhello");
  assertStringIncludes(head, "HTTP/1.1 307 ");
  const location = new URL(/location: (.+)\r\n/.exec(head)![1]);
  assertEquals(location.hostname, "127.0.0.1");
  const post = (path: string) => fetch(new URL(path, location), { method: "POST", body: "hello" });
  assertEquals(await (await post(location.pathname)).text(), "POST /a/b hello");
  for (const path of ["/a/b", "/", location.pathname.replace(/^.{9}/, "/00000000")]) {
    const refused = await post(path);
    assertEquals([refused.status, await refused.text()], [404, "Not found\n"]);
  }
});

Deno.test("what is no request, or too large, is refused and never reaches the handler", async () => {
  await using served = new Served(() => {
    throw new Error("reached");
  });
  const refused: [string, number][] = [
    ["\r\n\r\n", 400],
    ["GET nowhere HTTP/1.1\r\n\r\n", 400],
    ["GET / HTTP/2\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nno header\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nx: \u0000\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\ncontent-length: 1048577\r\n\r\n", 413],
    ["POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411],
    ["x".repeat(16 * 1024), 431],
  ];
  for (const [text, status] of refused) {
    assertStringIncludes(await served.say(text), `HTTP/1.1 ${status} `, JSON.stringify(text.slice(0, 40)));
  }
});

Deno.test("a handler that throws answers with 500, and a body that fails breaks off", async () => {
  await using served = new Served(({ url }) => {
    if (url.endsWith("/throws")) throw new Error("no");
    let pulls = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (pulls++ > 0) throw new Error("in the middle");
          controller.enqueue(new TextEncoder().encode("begun"));
        },
      }),
    );
  });
  assertStringIncludes(await served.say("GET /throws HTTP/1.1\r\n\r\n"), "HTTP/1.1 500 ");
  assertEquals(await served.say("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 \r\nconnection: close\r\n\r\nbegun");
});

Deno.test("a reader that leaves aborts its request and cancels the body, also one that waits", async () => {
  const aborted = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  await using served = new Served(({ signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    return new Response(
      new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => cancelled.resolve() }),
    );
  });
  const connection = await served.connect();
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  await connection.read(new Uint8Array(1_000));
  connection.close();
  await Promise.all([aborted.promise, cancelled.promise]);
});

Deno.test("a body larger than the socket arrives whole, and stopping waits for it", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  await using served = new Served(() =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (let i = 0; i < 40; i++) controller.enqueue(bytes);
          controller.close();
        },
      }),
    )
  );
  using connection = await served.connect();
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  const first = new Uint8Array(1_000);
  const count = (await connection.read(first))!;
  const stopped = served.server.stop(60_000);
  const rest = await new Response(connection.readable).bytes();
  await stopped;
  const head = new TextDecoder("latin1").decode(first.subarray(0, count)).indexOf("\r\n\r\n") + 4;
  assertEquals(count + rest.length - head, 40 * bytes.length);
  assertEquals(rest.subarray(-bytes.length), bytes);
});

Deno.test("stopping cuts off what does not end, with and without patience", async () => {
  for (const graceMs of [0, 10]) {
    await using served = new Served(() => new Promise(() => {}));
    using waiting = await served.connect();
    await waiting.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    using silent = await served.connect();
    await served.server.stop(graceMs);
    assertEquals(await waiting.read(new Uint8Array(1)), null);
    assertEquals(await silent.read(new Uint8Array(1)).catch(() => null), null);
  }
});

Deno.test("a path that cannot be bound is named", () => {
  assertThrows(
    () => listenNear({ path: "/nowhere/at/all.sock", handler: echo, log: silentLog }),
    UnavailableError,
    "unix:/nowhere/at/all.sock",
  );
});
