/**
 * Serving HTTP on connections of one's own. Each is for one request, as readers open one a stream, and the body of its
 * response ends with it: nothing stands between the bytes, and each piece that the handler gives goes out in one write.
 * `Deno.serve` would cut it into chunks of 64 KiB, of which each wakes the reader up.
 */

import { type Log, messageOf } from "../base/mod.ts";
import { BadRequest, readRequest } from "./http_request.ts";

/** How requests are answered. */
export interface ServeConnectionsOptions {
  /** Answers each request. */
  handler: (request: Request) => Response | Promise<Response>;
  log: Log;
}

/** Whoever connects and does not ask within this time is not kept. */
const REQUEST_MS = 30_000;

/** Where the process has no more file descriptors, say, this passes before another connection is tried. */
const ACCEPT_AGAIN_MS = 100;

/** Where connections come from. */
type Listener = Pick<Deno.Listener<Deno.Conn>, "accept" | "close">;

/** A server of a listener that is bound. */
export class ConnectionServer {
  readonly #listener: Listener;
  readonly #options: ServeConnectionsOptions;
  readonly #exchanges = new Map<Exchange, Promise<void>>();
  #stopping: Promise<void> | undefined;

  /** Takes the listener over. */
  constructor(listener: Listener, options: ServeConnectionsOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#accept();
  }

  async #accept(): Promise<void> {
    while (!this.#stopping) {
      try {
        const exchange = new Exchange(await this.#listener.accept(), this.#options);
        this.#exchanges.set(exchange, exchange.run().finally(() => this.#exchanges.delete(exchange)));
      } catch (error) {
        if (this.#stopping) return;
        this.#options.log.warn("Cannot take a connection", { error: messageOf(error) });
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_AGAIN_MS));
      }
    }
  }

  /** Takes no more connections, lets running responses end for up to `graceMs`, then cuts them off. Idempotent. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= (async () => {
      this.#listener.close();
      const timer = setTimeout(() => {
        for (const exchange of this.#exchanges.keys()) exchange.cutOff();
      }, graceMs);
      await Promise.all(this.#exchanges.values());
      clearTimeout(timer);
    })();
    return this.#stopping;
  }
}

/** One connection: a request and its response. */
class Exchange {
  readonly #connection: Deno.Conn;
  readonly #options: ServeConnectionsOptions;
  /** Aborted when the reader has gone before the end, or is sent away. */
  readonly #gone = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(connection: Deno.Conn, options: ServeConnectionsOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Resolves when the connection is closed; does not reject. */
  async run(): Promise<void> {
    const timer = setTimeout(() => this.cutOff(), REQUEST_MS);
    try {
      const request = await readRequest(this.#connection, this.#gone.signal);
      clearTimeout(timer);
      if (request) {
        this.#watch();
        // A handler that hangs does not keep a connection that is closed.
        await Promise.race([this.#answer(request), this.#closed.promise]);
      }
    } catch (error) {
      if (error instanceof BadRequest) await this.#refuse(error);
    }
    clearTimeout(timer);
    this.#close();
  }

  /** Closes the connection before its time. Idempotent. */
  cutOff(): void {
    if (this.#isClosed) return;
    this.#close();
    this.#gone.abort();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    this.#closed.resolve();
  }

  /** A reader that has asked sends nothing more: what comes is its end. */
  async #watch(): Promise<void> {
    await this.#connection.read(new Uint8Array(1)).catch(() => null);
    this.cutOff();
  }

  async #answer(request: Request): Promise<void> {
    let response: Response;
    try {
      response = await this.#options.handler(request);
    } catch (error) {
      this.#options.log.warn("Request failed", { error: messageOf(error) });
      response = new Response("Internal error\n", { status: 500 });
    }
    await this.#send(response);
  }

  async #refuse({ status, message }: BadRequest): Promise<void> {
    await this.#send(new Response(`${message}\n`, { status }));
  }

  async #send({ status, headers, body }: Response): Promise<void> {
    const reader = body?.getReader();
    const leave = () => void reader?.cancel(this.#gone.signal.reason).catch(() => {});
    this.#gone.signal.addEventListener("abort", leave, { once: true });
    try {
      const lines = [`HTTP/1.1 ${status} `, "connection: close"];
      for (const [name, value] of headers) lines.push(`${name}: ${value}`);
      await this.#write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
      while (reader) {
        const { value, done } = await reader.read();
        if (done) break;
        await this.#write(value);
      }
    } catch {
      // The reader has gone, or the handler's stream has failed: who still reads sees a body without its end.
      leave();
    } finally {
      this.#gone.signal.removeEventListener("abort", leave);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      at += await this.#connection.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }
}
