/** Unary gRPC calls over plain HTTP/2 (h2c): one connection to one server, made when it is needed. */

import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import {
  CanceledError,
  type Clock,
  DeadlineExceededError,
  messageOf,
  ResourceExhaustedError,
  SluiceError,
  systemClock,
  type Timer,
  UnavailableError,
} from "../../base/mod.ts";
import { frame, MessageReader } from "./frame.ts";
import { errorOfStatus } from "./status.ts";
import { formatTimeout } from "./timeout.ts";

/** How a client calls. */
export interface GrpcClientOptions {
  /** @default the real clock */
  clock?: Clock;
  /** Largest answer in bytes. @default 1 GiB */
  maxReplyBytes?: number;
  /** How long a connection without calls stays open, in milliseconds. @default 30_000 */
  idleMs?: number;
  /** Longest time to connect, in milliseconds. @default 10_000 */
  connectTimeoutMs?: number;
}

/** How one call is made. */
export interface GrpcCallOptions {
  /** Deadline in milliseconds; the server is told. @default none */
  timeoutMs?: number;
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A client of one server. */
export interface GrpcClient {
  /** The server's address, as given. */
  readonly address: string;
  /**
   * Calls a method with an encoded request, and resolves to the encoded reply.
   *
   * Rejects with the server's error; with UnavailableError if it cannot be reached or the connection breaks;
   * with DeadlineExceededError, or the signal's reason.
   */
  unary(path: string, request: Uint8Array, options?: GrpcCallOptions): Promise<Uint8Array>;
  /** Ends the connection; calls under way reject with CanceledError. Later calls do as well. */
  close(): void;
}

/** A client of the server at `address` ("host:port"). Connects with the first call, and again after a loss. */
export function connectGrpc(address: string, options: GrpcClientOptions = {}): GrpcClient {
  return new UnaryClient(address, options);
}

// What a reply may have on its way at a time: with HTTP/2's 64 KiB, large tensors would wait for every window.
const WINDOW_BYTES = 8 * 1024 * 1024;

const REFUSED_STREAM = 7;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

class UnaryClient implements GrpcClient {
  readonly address: string;
  readonly #options: GrpcClientOptions;
  readonly #clock: Clock;
  #connection: Connection | undefined;
  #closed = false;

  constructor(address: string, options: GrpcClientOptions) {
    this.address = address;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  unary(path: string, request: Uint8Array, options: GrpcCallOptions = {}): Promise<Uint8Array> {
    const { signal, timeoutMs } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(new CanceledError(`The client of ${this.address} is closed`));
    return new Promise((resolve, reject) => {
      const connection = this.#connect();
      const settle = (error: unknown, reply?: Uint8Array) => {
        timer?.clear();
        signal?.removeEventListener("abort", onAbort);
        connection.calls.delete(giveUp);
        connection.callEnded();
        if (reply) resolve(reply);
        else reject(error);
      };
      const giveUp = (error: unknown) => call.end(error);
      const onAbort = () => giveUp(signal!.reason);
      connection.calls.add(giveUp);
      const call = new ClientCall(connection, path, request, {
        address: this.address,
        timeoutMs,
        maxReplyBytes: this.#options.maxReplyBytes ?? 2 ** 30,
        settle,
      });
      const timer: Timer | undefined = timeoutMs === undefined ? undefined : this.#clock.setTimer(
        () => giveUp(new DeadlineExceededError(`No answer from ${this.address} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      signal?.addEventListener("abort", onAbort, { once: true });
      call.begin();
    });
  }

  close(): void {
    this.#closed = true;
    this.#connection?.end(new CanceledError(`The client of ${this.address} is closed`));
    this.#connection = undefined;
  }

  #connect(): Connection {
    if (this.#connection?.usable) return this.#connection;
    return this.#connection = new Connection(this.address, this.#clock, this.#options);
  }
}

/** One HTTP/2 connection and the calls on it. */
class Connection {
  readonly session: ClientHttp2Session;
  /** How to end each call under way. */
  readonly calls = new Set<(error: unknown) => void>();
  readonly #address: string;
  readonly #clock: Clock;
  readonly #idleMs: number;
  #connecting: Timer | undefined;
  #idle: Timer | undefined;
  #over = false;

  constructor(address: string, clock: Clock, options: GrpcClientOptions) {
    const { idleMs = 30_000, connectTimeoutMs = 10_000 } = options;
    this.#address = address;
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.session = connect(`http://${address}`, { settings: { initialWindowSize: WINDOW_BYTES } });
    this.#connecting = clock.setTimer(
      () => this.end(this.#unreachable(`no connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    this.session.once("connect", () => {
      this.#connecting?.clear();
      // The window of the whole connection, which the settings leave at 64 KiB.
      if (!this.#over) this.session.setLocalWindowSize?.(4 * WINDOW_BYTES);
    });
    this.session.on("error", (error) => this.end(this.#unreachable(messageOf(error))));
    this.session.on("close", () => this.end(this.#unreachable("the connection was closed")));
    // The server takes no further calls here; those under way may end.
    this.session.on("goaway", () => this.#over = true);
  }

  get usable(): boolean {
    return !this.#over && !this.session.closed && !this.session.destroyed;
  }

  begin(headers: Record<string, string>): ClientHttp2Stream {
    this.#idle?.clear();
    return this.session.request(headers);
  }

  /** An idle connection would keep the process of a program alive that has ended otherwise. */
  callEnded(): void {
    if (this.calls.size > 0) return;
    if (this.#over) return this.session.destroy();
    this.#idle?.clear();
    this.#idle = this.#clock.setTimer(
      () => this.end(new CanceledError(`The idle connection to ${this.#address} is closed`)),
      this.#idleMs,
    );
  }

  end(error: unknown): void {
    this.#over = true;
    this.#connecting?.clear();
    for (const giveUp of [...this.calls]) giveUp(error);
    this.#idle?.clear();
    if (!this.session.destroyed) this.session.destroy();
  }

  #unreachable(reason: string): UnavailableError {
    return new UnavailableError(`Cannot reach ${this.#address}: ${reason}`);
  }
}

/** What a call is made of. */
interface CallParts {
  address: string;
  timeoutMs: number | undefined;
  maxReplyBytes: number;
  /** Called once, with the error or the reply. */
  settle(error: unknown, reply?: Uint8Array): void;
}

/** One call: settled once, by whatever comes first. */
class ClientCall {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #request: Uint8Array;
  readonly #parts: CallParts;
  readonly #reader: MessageReader;
  #stream: ClientHttp2Stream | undefined;
  #status: string | undefined;
  #message: string | undefined;
  #settled = false;

  constructor(connection: Connection, path: string, request: Uint8Array, parts: CallParts) {
    this.#connection = connection;
    this.#path = path;
    this.#request = request;
    this.#parts = parts;
    this.#reader = new MessageReader(parts.maxReplyBytes);
  }

  begin(): void {
    const { address, timeoutMs } = this.#parts;
    const headers: Record<string, string> = {
      ":method": "POST",
      ":path": this.#path,
      "content-type": "application/grpc",
      te: "trailers",
    };
    if (timeoutMs !== undefined) headers["grpc-timeout"] = formatTimeout(timeoutMs);
    try {
      const stream = this.#stream = this.#connection.begin(headers);
      stream.on("response", (response) => this.#responded(response));
      stream.on("trailers", (trailers) => this.#take(trailers));
      stream.on("data", (chunk: Uint8Array) => this.#received(chunk));
      stream.on("end", () => this.#finish());
      stream.on("error", (error) => this.end(streamError(address, stream.rstCode ?? 0, messageOf(error))));
      stream.on("close", () => {
        if (this.#status !== undefined) this.#finish();
        else this.end(streamError(address, stream.rstCode ?? 0, "the call was cut off"));
      });
      stream.end(frame(this.#request));
    } catch (error) {
      this.end(new UnavailableError(`Cannot reach ${address}: ${messageOf(error)}`, { cause: error }));
    }
  }

  #responded(headers: Record<string, unknown>): void {
    const status = headers[":status"];
    const type = String(headers["content-type"] ?? "");
    if (status !== 200 || !type.startsWith("application/grpc")) {
      return this.end(
        new SluiceError(
          `Cannot understand the answer of ${this.#parts.address}, is it a gRPC server? It answered with HTTP ` +
            `status ${status} and content type "${type}"`,
          { code: "unknown" },
        ),
      );
    }
    this.#take(headers);
  }

  #take(headers: Record<string, unknown>): void {
    if (headers["grpc-status"] === undefined) return;
    this.#status = String(headers["grpc-status"]);
    this.#message = headers["grpc-message"] === undefined ? undefined : String(headers["grpc-message"]);
  }

  #received(chunk: Uint8Array): void {
    if (this.#settled) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.end(error);
    }
  }

  #finish(): void {
    // Some runtimes tell of the end before the trailers; the stream's close comes after both.
    if (this.#settled || this.#status === undefined) return;
    const error = errorOfStatus(this.#status, this.#message, this.#parts.address);
    if (error) return this.#settle(error);
    let reply: Uint8Array;
    try {
      reply = this.#reader.message();
    } catch (error) {
      return this.#settle(error);
    }
    this.#settle(undefined, reply);
  }

  /** Gives the call up. */
  end(error: unknown): void {
    if (this.#settled) return;
    this.#settle(error);
    this.#stream?.close(CANCEL);
  }

  #settle(error: unknown, reply?: Uint8Array): void {
    this.#settled = true;
    this.#parts.settle(error, reply);
  }
}

function streamError(address: string, code: number, reason: string): SluiceError {
  if (code === CANCEL) return new CanceledError(`${address} canceled the call`);
  if (code === ENHANCE_YOUR_CALM) return new ResourceExhaustedError(`${address} takes no more calls`);
  if (code === REFUSED_STREAM) return new UnavailableError(`${address} refused the call`);
  // What became of the connection says more than that its calls are over.
  const [, cause = reason] = /caused by: (.+)\)$/.exec(reason) ?? [];
  return new UnavailableError(`Cannot reach ${address}: ${cause}`);
}
