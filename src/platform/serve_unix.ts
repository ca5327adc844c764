/** Listening for HTTP on a unix socket. */

import { type Log, messageOf, UnavailableError } from "../base/mod.ts";

/** Where to listen. */
export interface ListenUnixOptions {
  /** The socket's path, which is not there yet. */
  path: string;
  /** Answers each request. */
  handler: (request: Request) => Response | Promise<Response>;
  log: Log;
}

/** A server that listens on a unix socket. */
export interface UnixServer {
  /** Takes no more connections, lets running responses end for up to `graceMs`, then cuts them off. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Binds at once.
 *
 * @throws {UnavailableError} naming the path, if it cannot be bound
 */
export function listenUnix({ path, handler, log }: ListenUnixOptions): UnixServer {
  const cutOff = new AbortController();
  let server: Deno.HttpServer<Deno.UnixAddr>;
  try {
    server = Deno.serve({
      path,
      signal: cutOff.signal,
      onListen: () => {},
      onError(error) {
        log.warn("Request failed", { error: messageOf(error) });
        return new Response("Internal error\n", { status: 500 });
      },
    }, handler);
  } catch (cause) {
    throw new UnavailableError(`Cannot listen on unix:${path}: ${messageOf(cause)}`, { cause });
  }
  let stopping: Promise<void> | undefined;
  return {
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
