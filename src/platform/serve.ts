/** Listening for HTTP on `Deno.serve`. */

import { InvalidArgumentError, type Log, messageOf, UnavailableError } from "../base/mod.ts";

/** Where and how to listen. */
export interface ListenOptions {
  hostname: string;
  /** 0: any free port. */
  port: number;
  /** Answers each request. */
  handler: (request: Request) => Response | Promise<Response>;
  log: Log;
}

/** A server that listens. */
export interface HttpServer {
  /** The port that was bound. */
  readonly port: number;
  /** Answers no more requests, lets running responses end for up to `graceMs`, then cuts them off. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Binds at once.
 *
 * @throws {UnavailableError} naming the address, if it is in use or may not be bound
 * @throws {InvalidArgumentError} if the host name cannot be bound here at all
 */
export function listen({ hostname, port, handler, log }: ListenOptions): HttpServer {
  const cutOff = new AbortController();
  const running = new Running();
  let server: Deno.HttpServer<Deno.NetAddr>;
  let stopping: Promise<void> | undefined;
  try {
    server = Deno.serve({
      hostname,
      port,
      signal: cutOff.signal,
      onListen: () => {},
      onError(error) {
        log.warn("Request failed", { error: messageOf(error) });
        return new Response("Internal error\n", { status: 500 });
      },
    }, (request, { completed }) => {
      if (stopping) return new Response("Stopping\n", { status: 503, headers: { connection: "close" } });
      running.add(completed);
      return handler(request);
    });
  } catch (cause) {
    const where = `${hostname}:${port}`;
    if (cause instanceof Deno.errors.AddrInUse) {
      throw new UnavailableError(`Cannot listen on ${where}: the port is in use`, { cause });
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new UnavailableError(`Cannot listen on ${where}: ${cause.message}`, { cause });
    }
    throw new InvalidArgumentError(`Cannot listen on ${where}: ${messageOf(cause)}`, { cause });
  }
  return {
    port: server.addr.port,
    stop(graceMs) {
      stopping ??= (async () => {
        // shutdown() waits for ever on a stream that nobody reads, and once it is called nothing can cut that off.
        if (await running.ended(graceMs)) return await server.shutdown();
        cutOff.abort();
        await server.finished;
      })();
      return stopping;
    },
  };
}

/** The responses that are being written. */
class Running {
  #count = 0;
  #onEnd: (() => void) | null = null;

  /** One more, until `completed` settles. */
  add(completed: Promise<void>): void {
    this.#count++;
    const end = () => {
      if (--this.#count === 0) this.#onEnd?.();
    };
    completed.then(end, end);
  }

  /** Whether all end within `ms` milliseconds. */
  async ended(ms: number): Promise<boolean> {
    if (this.#count === 0) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    return this.#count === 0;
  }
}
