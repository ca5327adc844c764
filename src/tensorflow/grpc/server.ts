/**
 * Unary gRPC over plain HTTP/2 (h2c), by hand: gRPC ends with trailers, which `Deno.serve` does not send, and
 * Connect's adapter for `node:http2` answers a third as many calls.
 *
 * There is neither encryption nor authentication: whoever reaches the port may call.
 */

import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
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
import { framePieces, MessageReader } from "./frame.ts";
import { errorTrailers, OK_TRAILERS } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

/** An encoded message, whole or in pieces that are sent one after the other without being copied together. */
export type GrpcReply = Uint8Array | readonly Uint8Array[];

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

const RESPONSE_HEADERS = { "content-type": "application/grpc" };
const CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/;

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
  readonly #server: Http2Server;
  readonly #sessions = new Set<
    { close(): void; destroy(): void; once(event: "close", fn: () => void): unknown }
  >();
  readonly #calls = new Set<Call>();
  #bufferedBytes = 0;
  #port = 0;
  #stopped: Promise<void> | undefined;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#accept(request, response));
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      // A connection that is cut, or speaks no HTTP/2, ends alone: without a listener it would end the process.
      session.on("error", () => {});
    });
    this.#server.on("sessionError", () => {});
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
    for (const session of this.#sessions) session.close();
    const grace = new AbortController();
    const late = this.#options.clock.sleep(STOP_GRACE_MS, { signal: grace.signal }).then(
      () => {
        for (const session of this.#sessions) session.destroy();
      },
      () => {}, // All have closed in time.
    );
    await closed;
    grace.abort();
    await late;
  }

  #accept(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const { methods, clock, maxRequestBytes = 2 ** 30 } = this.#options;
    const call = new Call(request, response, clock, () => this.#calls.delete(call));
    this.#calls.add(call);
    // Also the body of a refused call is taken off the connection: its stream would never close.
    request.resume();
    if (this.#stopped) return call.fail(new UnavailableError("Server is stopping"));
    const { headers } = request;
    if (request.method !== "POST" || !CONTENT_TYPE.test(headers["content-type"] ?? "")) {
      return call.refuse(415, "This port speaks gRPC alone\n");
    }
    const handler = methods.get(request.url);
    if (!handler) {
      return call.fail(
        new SluiceError(`Method ${request.url} is not implemented`, { code: "unimplemented" }),
      );
    }
    const reader = new MessageReader(maxRequestBytes);
    request.on("data", (chunk: Uint8Array) => {
      if (call.ended) return;
      try {
        this.#buffer(chunk.length);
        call.buffered += chunk.length;
        reader.push(chunk);
      } catch (error) {
        call.fail(error);
        this.#release(call);
      }
    });
    request.on("end", () => {
      if (call.ended) return this.#release(call);
      try {
        const timeout = headers["grpc-timeout"];
        if (timeout !== undefined) call.expireAfter(parseTimeout(String(timeout)));
        const message = reader.message();
        const reply = handler(message, call.context);
        if (!isPromise(reply)) call.reply(reply);
        else reply.then((late) => call.reply(late), (error) => call.fail(error));
      } catch (error) {
        call.fail(error);
      }
      this.#release(call);
    });
    request.on("close", () => this.#release(call));
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

  #release(call: Call): void {
    this.#bufferedBytes -= call.buffered;
    call.buffered = 0;
  }
}

/** One call, answered once: what comes later, from the handler or a deadline, finds it ended. */
class Call {
  readonly context: CallContext;
  readonly #response: Http2ServerResponse;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #timer: { clear(): void } | undefined;
  /** Bytes of the request that count against the server's limit. */
  buffered = 0;
  ended = false;

  constructor(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    clock: Clock,
    onEnd: () => void,
  ) {
    this.context = new CallContext();
    this.#response = response;
    this.#clock = clock;
    this.#onEnd = onEnd;
    // A stream that is reset, or whose connection breaks, reports it here as well: nobody is left to answer.
    const gone = () => this.#end(new SluiceError("The caller is gone", { code: "canceled" }));
    request.on("error", gone);
    request.on("aborted", gone);
    response.on("error", gone);
    response.on("close", gone);
  }

  expireAfter(ms: number): void {
    this.#timer = this.#clock.setTimer(
      () => this.fail(new DeadlineExceededError(`The call's deadline of ${ms} ms has passed`)),
      ms,
    );
  }

  reply(reply: GrpcReply): void {
    if (this.ended) return;
    const response = this.#response;
    try {
      response.writeHead(200, RESPONSE_HEADERS);
      response.addTrailers(OK_TRAILERS);
      const writes = framePieces(reply instanceof Uint8Array ? [reply] : reply);
      const last = writes.pop()!;
      for (const piece of writes) response.write(piece);
      response.end(last);
    } catch {
      // The stream closed between the check and the write.
    }
    this.#end();
  }

  fail(thrown: unknown): void {
    if (this.ended) return;
    try {
      this.#response.writeHead(200, RESPONSE_HEADERS);
      this.#response.addTrailers(errorTrailers(thrown));
      this.#response.end();
    } catch {
      // As above.
    }
    this.#end(thrown);
  }

  refuse(status: number, text: string): void {
    this.#response.writeHead(status, { "content-type": "text/plain" });
    this.#response.end(text);
    this.#end();
  }

  #end(reason?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.#timer?.clear();
    this.#onEnd();
    if (reason !== undefined) this.context.abort(reason);
  }
}
