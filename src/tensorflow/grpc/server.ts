/**
 * Unary gRPC over plain HTTP/2 (h2c). gRPC ends with trailers, which `Deno.serve` does not send; and HTTP/2 is by hand
 * (`http2/`), because a call through `node:http2` takes ten times as long.
 *
 * There is neither encryption nor authentication: whoever reaches the port may call.
 */

import { createServer, type Server, type Socket } from "node:net";
import {
  type Clock,
  DeadlineExceededError,
  isPromise,
  type Log,
  type MaybePromise,
  messageOf,
  ResourceExhaustedError,
  SluiceError,
  UnavailableError,
} from "../../base/mod.ts";
import { CallContext, type GrpcContext } from "./context.ts";
import { frameHeader, MessageReader } from "./frame.ts";
import { Connection, type ServerStream, type StreamHandler } from "./http2/connection.ts";
import { writeHeaders } from "./http2/hpack.ts";
import { errorTrailers, OK_TRAILERS } from "./status.ts";
import { SocketWire } from "./socket_wire.ts";
import { parseTimeout } from "./timeout.ts";

/**
 * An encoded message, whole or in pieces that are sent one after the other without being copied together; or one that
 * may leave once `commit` is done, and leaves at once then. It is committed also where nobody waits for it any more.
 */
export type GrpcReply =
  | Uint8Array
  | readonly Uint8Array[]
  | { readonly message: Uint8Array; commit(): MaybePromise<void> };

/** Answers the calls of one method. What it throws becomes the call's status. */
export type GrpcHandler = (request: Uint8Array, context: GrpcContext) => MaybePromise<GrpcReply>;

/** Handlers by the paths of their methods, such as "/tensorflow.data.DispatcherService/GetVersion". */
export type GrpcMethods = ReadonlyMap<string, GrpcHandler>;

/** What a server is made of. */
export interface GrpcServerOptions {
  hostname: string;
  /** 0: any free port. */
  port: number;
  methods: GrpcMethods;
  clock: Clock;
  log: Log;
  /** Largest request in bytes. @default 1 GiB, as much as a graph with its constants may have */
  maxRequestBytes?: number;
  /** Most bytes of requests that are on their way at a time. @default 2 GiB */
  maxBufferedBytes?: number;
}

/** A server that listens. */
export interface GrpcServer {
  readonly port: number;
  /** Takes no more calls, ends those that are under way with UNAVAILABLE, closes. Stopping twice is fine. */
  stop(): Promise<void>;
}

const CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/;
const RESPONSE_HEADERS = writeHeaders([[":status", "200"], ["content-type", "application/grpc"]]);
const OK_BLOCK = writeHeaders(Object.entries(OK_TRAILERS));

/** After a stop, connections get this long to send what has been answered. */
const STOP_GRACE_MS = 250;

/**
 * Listens. Resolves when the port is bound.
 *
 * @throws {UnavailableError} naming the port, if it is in use
 */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new UnaryServer(options);
  await server.listen();
  return server;
}

class UnaryServer implements GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #calls = new Set<Call>();
  #bufferedBytes = 0;
  #port = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#connect(socket));
  }

  listen(): Promise<void> {
    const { hostname, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => {
        reject(
          new UnavailableError(`Cannot listen on ${hostname}:${port}: ${messageOf(error)}`, { cause: error }),
        );
      });
      this.#server.listen(port, hostname, () => {
        this.#port = (this.#server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const call of this.#calls) call.fail(new UnavailableError("Server is stopping"));
    for (const connection of this.#connections) connection.shutDown();
    const grace = new AbortController();
    const late = this.#options.clock.sleep(STOP_GRACE_MS, { signal: grace.signal }).then(
      () => {
        for (const connection of this.#connections) connection.destroy();
      },
      () => {}, // All have closed in time.
    );
    await closed;
    grace.abort();
    await late;
  }

  #connect(socket: Socket): void {
    socket.setNoDelay(true);
    const connection: Connection = new Connection(
      new SocketWire(socket),
      (stream, headers) => this.#accept(stream, headers),
    );
    this.#connections.add(connection);
    socket.on("data", (chunk: Uint8Array) => connection.receive(chunk));
    socket.on("drain", () => connection.drained());
    socket.on("error", () => {}); // Its close follows, and ends the calls.
    socket.on("close", () => {
      this.#connections.delete(connection);
      connection.closed();
    });
  }

  #accept(stream: ServerStream, headers: ReadonlyMap<string, string>): StreamHandler {
    const { methods, clock, maxRequestBytes = 2 ** 30 } = this.#options;
    const call = new Call(stream, clock, () => this.#calls.delete(call));
    this.#calls.add(call);
    const path = headers.get(":path") ?? "";
    const handler = methods.get(path);
    if (this.#stopped) call.fail(new UnavailableError("Server is stopping"));
    else if (headers.get(":method") !== "POST" || !CONTENT_TYPE.test(headers.get("content-type") ?? "")) {
      call.refuse(415, "This port speaks gRPC alone\n");
    } else if (!handler) {
      call.fail(new SluiceError(`Method ${path} is not implemented`, { code: "unimplemented" }));
    }
    const reader = new MessageReader(maxRequestBytes);
    let buffered = 0;
    const release = () => {
      this.#bufferedBytes -= buffered;
      buffered = 0;
    };
    return {
      data: (chunk) => {
        if (call.ended) return;
        try {
          this.#buffer(chunk.length);
          buffered += chunk.length;
          reader.push(chunk);
        } catch (error) {
          release();
          call.fail(error);
        }
      },
      end: () => {
        release();
        if (!call.ended) answer(call, handler!, reader, headers.get("grpc-timeout"));
      },
      gone: () => {
        release();
        call.gone();
      },
    };
  }

  #buffer(bytes: number): void {
    const { maxBufferedBytes = 2 ** 31 } = this.#options;
    if (this.#bufferedBytes + bytes > maxBufferedBytes) {
      throw new ResourceExhaustedError(
        `Requests of ${this.#bufferedBytes} bytes are on their way already, with a limit of ${maxBufferedBytes}`,
      );
    }
    this.#bufferedBytes += bytes;
  }
}

/** Has a whole request answered, at once where the handler needs not wait. */
function answer(call: Call, handler: GrpcHandler, reader: MessageReader, timeout: string | undefined): void {
  try {
    if (timeout !== undefined) call.expireAfter(parseTimeout(timeout));
    const reply = handler(reader.message(), call.context);
    if (!isPromise(reply)) call.reply(reply);
    else reply.then((late) => call.reply(late), (error) => call.fail(error));
  } catch (error) {
    call.fail(error);
  }
}

/** One call, answered once: what comes later, from the handler or a deadline, finds it ended. */
class Call {
  readonly context = new CallContext();
  readonly #stream: ServerStream;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #timer: { clear(): void } | undefined;
  ended = false;

  constructor(stream: ServerStream, clock: Clock, onEnd: () => void) {
    this.#stream = stream;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  expireAfter(ms: number): void {
    this.#timer = this.#clock.setTimer(
      () => this.fail(new DeadlineExceededError(`The call's deadline of ${ms} ms has passed`)),
      ms,
    );
  }

  reply(reply: GrpcReply): void {
    if ("commit" in reply) return this.#replyAfter(reply.commit, [reply.message]);
    if (!this.ended) this.#prepare(reply instanceof Uint8Array ? [reply] : reply, false)();
  }

  #replyAfter(commit: () => MaybePromise<void>, pieces: readonly Uint8Array[]): void {
    const send = this.ended ? () => {} : this.#prepare(pieces, true);
    const waiting = commit();
    if (waiting) waiting.then(send, (error) => this.fail(error));
    else send();
  }

  #prepare(pieces: readonly Uint8Array[], urgent: boolean): () => void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const send = this.#stream.prepare(RESPONSE_HEADERS, [frameHeader(length), ...pieces], OK_BLOCK, urgent);
    return () => {
      if (this.ended) return;
      send();
      this.#end();
    };
  }

  fail(thrown: unknown): void {
    if (this.ended) return;
    this.#end();
    this.#stream.prepare(RESPONSE_HEADERS, [], writeHeaders(Object.entries(errorTrailers(thrown))))();
    this.context.abort(thrown);
  }

  /** Answers what is no call of gRPC's. */
  refuse(status: number, text: string): void {
    this.#end();
    const headers = writeHeaders([[":status", String(status)], ["content-type", "text/plain"]]);
    this.#stream.prepare(headers, [new TextEncoder().encode(text)], null)();
  }

  /** Nobody is left to answer. */
  gone(): void {
    if (this.ended) return;
    this.#end();
    this.context.abort(new SluiceError("The caller is gone", { code: "canceled" }));
  }

  #end(): void {
    this.ended = true;
    this.#timer?.clear();
    this.#onEnd();
  }
}
