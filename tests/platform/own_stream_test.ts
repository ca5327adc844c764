import { assertEquals, assertRejects } from "@std/assert";
import { FailedPreconditionError, silentLog, UnavailableError } from "../../src/base/mod.ts";
import { listen } from "../../src/platform/mod.ts";
import { openOwnStream } from "../../src/platform/own_stream.ts";
import { ConnectionServer } from "../../src/platform/serve_connections.ts";
import { listenNear, WIDER_HEADER } from "../../src/platform/serve_near.ts";
import {
  elementStreamResponse,
  type OpenStream,
  readElementStream,
  readElementStreamRequest,
  type ReceivedBatch,
  type WireBatch,
} from "../../src/rpc/mod.ts";

function batch(sequence: number, bytes: number): WireBatch {
  const payload = Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + sequence) & 0xff);
  return {
    sequence,
    count: 1,
    encoding: "columnar",
    compression: "NONE",
    uncompressedSize: bytes,
    spec: null,
    sessionId: sequence === 0 ? "s" : "",
    endOfSequence: false,
    payload: [payload],
  };
}

/**
 * A worker that sends what `batches` gives, on a TCP port and on three unix sockets: one that leads to a port of the
 * worker's, one to where nobody listens, one to where somebody else does.
 */
class Server implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync();
  readonly path = `${this.directory}/worker.sock`;
  readonly deadPath = `${this.directory}/dead.sock`;
  readonly strangePath = `${this.directory}/strange.sock`;
  readonly taskIds: bigint[] = [];
  readonly ended = Promise.withResolvers<void>();
  readonly #tcp;
  readonly #unix;
  readonly #stranger = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return new Response("Who are you?", { status: 404 });
  });
  readonly #astray: ConnectionServer[];

  constructor(batches: () => AsyncIterable<WireBatch> | Iterable<WireBatch>) {
    const { taskIds, ended } = this;
    const handler = async (request: Request) => {
      taskIds.push((await readElementStreamRequest(request)).taskId);
      return elementStreamResponse(
        (async function* () {
          try {
            yield* batches();
          } finally {
            ended.resolve();
          }
        })(),
      );
    };
    this.#tcp = listen({ hostname: "127.0.0.1", port: 0, log: silentLog, handler });
    this.#unix = listenNear({ path: this.path, log: silentLog, handler });
    const stranger = `127.0.0.1:${this.#stranger.addr.port}`;
    this.#astray = [[this.deadPath, "127.0.0.1:1"], [this.strangePath, stranger]].map(([path, host]) =>
      new ConnectionServer(Deno.listen({ transport: "unix", path }), {
        handler: (request) =>
          request.headers.has(WIDER_HEADER)
            ? new Response(null, { status: 307, headers: { location: `http://${host}/elements` } })
            : handler(request),
        log: silentLog,
      })
    );
  }

  get port(): number {
    return this.#tcp.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = [this.#tcp, this.#unix, ...this.#astray];
    await Promise.all([...servers.map((server) => server.stop(1_000)), this.#stranger.shutdown()]);
    await Deno.remove(this.directory, { recursive: true });
  }
}

interface Way {
  readonly name: string;
  readonly address: (server: Server) => string;
  readonly openStream?: OpenStream;
}

const ways: readonly Way[] = [
  { name: "fetch", address: ({ port }) => `127.0.0.1:${port}` },
  { name: "an own TCP connection", address: ({ port }) => `localhost:${port}`, openStream: openOwnStream },
  { name: "a unix socket", address: ({ path }) => `unix:${path}`, openStream: openOwnStream },
  {
    name: "a unix socket that leads nowhere",
    address: ({ deadPath }) => `unix:${deadPath}`,
    openStream: openOwnStream,
  },
  {
    name: "a unix socket that leads to a stranger",
    address: ({ strangePath }) => `unix:${strangePath}`,
    openStream: openOwnStream,
  },
];

for (const { name, address, openStream } of ways) {
  const read = (server: Server, signal = new AbortController().signal) =>
    readElementStream(address(server), { taskId: 7n }, { signal, openStream });

  Deno.test(`${name}: batches of all sizes arrive as they were sent, aligned`, async () => {
    const sizes = [0, 1, 31_000, 33_000, 65_536, 200_001, 3_000_000, 5];
    await using server = new Server(() => sizes.map((bytes, sequence) => batch(sequence, bytes)));
    const received: ReceivedBatch[] = await Array.fromAsync(read(server));
    assertEquals(received.map(({ payload }) => payload.length), sizes);
    for (const { sequence, payload } of received) {
      assertEquals(payload.every((byte, i) => byte === ((i * 31 + sequence) & 0xff)), true);
      if (payload.length > 0) assertEquals(payload.byteOffset % 8, 0);
    }
    assertEquals(server.taskIds, [7n]);
  });

  Deno.test(`${name}: what ends the stream keeps its class and message`, async () => {
    await using server = new Server(function* () {
      yield batch(0, 100);
      throw new FailedPreconditionError("Cannot read task 7: it is over");
    });
    await assertRejects(() => Array.fromAsync(read(server)), FailedPreconditionError, "it is over");
  });

  Deno.test(`${name}: a reader that leaves, or is aborted, ends the batches of the server`, async () => {
    for (const leave of ["break", "abort"]) {
      const controller = new AbortController();
      await using server = new Server(async function* () {
        for (let sequence = 0;; sequence++) {
          yield batch(sequence, 100_000);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      });
      const reading = (async () => {
        for await (const _ of read(server, controller.signal)) {
          if (leave === "break") break;
          controller.abort(new RangeError("enough"));
        }
      })();
      if (leave === "abort") await assertRejects(() => reading, RangeError, "enough");
      else await reading;
      await server.ended.promise;
    }
  });

  Deno.test(`${name}: where nobody listens the worker is unavailable, and the address is named`, async () => {
    const server = new Server(() => []);
    const where = address(server);
    await server[Symbol.asyncDispose]();
    const { signal } = new AbortController();
    await assertRejects(
      () => Array.fromAsync(readElementStream(where, {}, { signal, openStream })),
      UnavailableError,
      where,
    );
  });
}

Deno.test("an aborted signal ends the wait for a head that never comes", async () => {
  const path = `${Deno.makeTempDirSync()}/silent.sock`;
  using listener = Deno.listen({ transport: "unix", path });
  const controller = new AbortController();
  const reading = Array.fromAsync(
    readElementStream(`unix:${path}`, {}, { signal: controller.signal, openStream: openOwnStream }),
  );
  const connection = await listener.accept();
  controller.abort(new RangeError("enough"));
  await assertRejects(() => reading, RangeError, "enough");
  connection.close();
});
