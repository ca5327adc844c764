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
  /** Takes no more connections, lets running responses end for up to `graceMs`, then cuts them off. Idempotent. */
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
  let server: Deno.HttpServer<Deno.NetAddr>;
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
    }, handler);
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
  let stopping: Promise<void> | undefined;
  return {
    port: server.addr.port,
    stop(graceMs) {
      stopping ??= (async () => {
        // shutdown() alone waits for ever on a stream that nobody reads.
        const timer = setTimeout(() => cutOff.abort(), graceMs);
        await server.shutdown();
        clearTimeout(timer);
      })();
      return stopping;
    },
  };
}
