/** Bytes that no gRPC client sends: each call gets an error of its own, and the server goes on. */

import { connect } from "node:http2";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { silentLog, systemClock } from "../../../src/base/mod.ts";
import { connectGrpc, serveGrpc } from "../../../src/tensorflow/grpc/mod.ts";

/** Runs `body` beside a server, and sees that it answers still. */
async function besideServer(body: (port: number) => Promise<void>): Promise<void> {
  const server = await serveGrpc({
    hostname: "127.0.0.1",
    port: 0,
    methods: new Map([["/s/Echo", (request) => request]]),
    clock: systemClock,
    log: silentLog,
    maxRequestBytes: 1_000,
    maxBufferedBytes: 4_000,
  });
  const client = connectGrpc(`127.0.0.1:${server.port}`);
  try {
    await body(server.port);
    assertEquals([...await client.unary("/s/Echo", new Uint8Array([5]))], [5]);
  } finally {
    client.close();
    await server.stop();
  }
}

interface Answer {
  status: number | undefined;
  grpcStatus: string | undefined;
}

/** Sends a body with headers as they are. */
async function post(port: number, body: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": "/s/Echo",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const answer: Answer = { status: undefined, grpcStatus: undefined };
  const closed = Promise.withResolvers<void>();
  stream.on("response", (response: Record<string, unknown>) => answer.status = Number(response[":status"]));
  stream.on(
    "trailers",
    (trailers: Record<string, unknown>) => answer.grpcStatus = String(trailers["grpc-status"]),
  );
  stream.on("error", () => {});
  stream.on("close", () => closed.resolve());
  stream.resume();
  stream.end(body);
  await closed.promise;
  session.destroy();
  return answer;
}

Deno.test("damaged frames get a status", async () => {
  await besideServer(async (port) => {
    const cases: [number[], string][] = [
      [[], "15"],
      [[0, 0], "15"],
      [[0, 0, 0, 0, 2, 1], "15"],
      [[0, 0, 0, 0, 0, 1], "15"],
      [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "15"],
      [[1, 0, 0, 0, 0], "12"],
      [[7, 0, 0, 0, 0], "15"],
      [[0, 255, 255, 255, 255], "8"],
      [[0, 0, 0, 3, 233], "8"],
      [[0, 0, 0, 0, 1, 9], "0"],
    ];
    for (const [body, expected] of cases) {
      const answer = await post(port, new Uint8Array(body));
      assertEquals(answer, { status: 200, grpcStatus: expected }, `body ${body}`);
    }
  });
});

Deno.test("wrong methods, content types and timeouts are refused", async () => {
  const body = new Uint8Array([0, 0, 0, 0, 0]);
  await besideServer(async (port) => {
    assertEquals((await post(port, body, { "content-type": "application/json" })).status, 415);
    assertEquals((await post(port, body, { "content-type": "application/grpc-web" })).status, 415);
    assertEquals((await post(port, body, { ":method": "PUT" })).status, 415);
    assertEquals((await post(port, body, { ":path": "/s/None" })).grpcStatus, "12");
    for (const value of ["", "1", "S", "-1S", "123456789S", "1.5S", "1x"]) {
      assertEquals((await post(port, body, { "grpc-timeout": value })).grpcStatus, "3", `timeout "${value}"`);
    }
    assertEquals((await post(port, body, { "grpc-timeout": "99999999H" })).grpcStatus, "0");
  });
});

Deno.test("any body gets exactly one answer", async () => {
  await besideServer(async (port) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (body) => {
        const { status, grpcStatus } = await post(port, body);
        assertEquals(status, 200);
        const whole = body.length >= 5 && body[0] === 0 &&
          new DataView(body.buffer, body.byteOffset).getUint32(1) === body.length - 5;
        assertEquals(grpcStatus === "0", whole);
      }),
      { numRuns: 50 },
    );
  });
});

Deno.test("connections that speak no HTTP/2 end alone", async () => {
  await besideServer(async (port) => {
    const preface = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const garbage = new Uint8Array(5_000).map((_, i) => i * 31);
    const bodies = [
      new TextEncoder().encode("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
      garbage,
      new Uint8Array([...preface, ...garbage]),
      new Uint8Array([...preface, 255, 255, 255, 1, 4, 0, 0, 0, 1]),
      preface.subarray(0, 10),
    ];
    for (const body of bodies) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(body);
      await connection.closeWrite();
      const buffer = new Uint8Array(65_536);
      try {
        while (await connection.read(buffer) !== null);
      } catch {
        // Reset by the server, which is an end as well.
      }
      connection.close();
    }
  });
});
