/**
 * Serving readers on this host. They come by a unix socket: whoever reaches it is here, and may do what this user may.
 * Those that can are sent on to a port of this host. A unix socket holds some 200 KB, so that its two sides wake each
 * other up, and wait for each other, several times a megabyte; a loopback connection holds megabytes, which came to 1.2
 * to 1.6 times the elements.
 */

import { type Log, messageOf, UnavailableError } from "../base/mod.ts";
import { ConnectionServer, type ServeConnectionsOptions } from "./serve_connections.ts";

/** Where to listen, and what for. */
export interface ListenNearOptions extends ServeConnectionsOptions {
  /** The unix socket's path, which is not there yet. */
  path: string;
}

/** A server for readers on this host. */
export interface NearServer {
  /** Takes no more connections, lets running responses end for up to `graceMs`, then cuts them off. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

/** The header of a request whose caller would rather be sent on to a port than be answered on the unix socket. */
export const WIDER_HEADER = "sluice-wider";

const LOOPBACK = "127.0.0.1";

/**
 * Binds at once.
 *
 * @throws {UnavailableError} naming the path, if it cannot be bound
 */
export function listenNear({ path, handler, log }: ListenNearOptions): NearServer {
  const wide = Wide.listen({ handler, log });
  try {
    const near = new ConnectionServer(Deno.listen({ transport: "unix", path }), {
      handler: (request) => wide && request.headers.has(WIDER_HEADER) ? wide.lead(request) : handler(request),
      log,
    });
    return { stop: async (graceMs) => void await Promise.all([near.stop(graceMs), wide?.stop(graceMs)]) };
  } catch (cause) {
    wide?.stop(0);
    throw new UnavailableError(`Cannot listen on unix:${path}: ${messageOf(cause)}`, { cause });
  }
}

/** A port of this host for those who were told of it on the unix socket: nobody else knows the beginning of its paths. */
class Wide {
  readonly #server: ConnectionServer;
  readonly #base: string;

  private constructor(listener: Deno.TcpListener, { handler, log }: ServeConnectionsOptions) {
    const secret = `/${crypto.randomUUID()}`;
    this.#base = `http://${LOOPBACK}:${listener.addr.port}${secret}`;
    this.#server = new ConnectionServer(withoutDelay(listener), {
      handler(request) {
        const { pathname } = new URL(request.url);
        if (!pathname.startsWith(secret)) return new Response("Not found\n", { status: 404 });
        return handler(new Request(new URL(pathname.slice(secret.length), request.url), request));
      },
      log,
    });
  }

  /** Null where there can be no port, for lack of a permission, say: the unix socket does, too. */
  static listen(options: ServeConnectionsOptions & { log: Log }): Wide | null {
    try {
      return new Wide(Deno.listen({ hostname: LOOPBACK, port: 0 }), options);
    } catch (error) {
      options.log.info("Readers on this host stay on the unix socket", { reason: messageOf(error) });
      return null;
    }
  }

  /** Sends the caller on, to make the same request here. */
  lead(request: Request): Response {
    return new Response(null, {
      status: 307,
      headers: { location: this.#base + new URL(request.url).pathname },
    });
  }

  stop(graceMs: number): Promise<void> {
    return this.#server.stop(graceMs);
  }
}

/** Connections that send what they are given at once: a small piece would wait for the reader's word on the one before. */
function withoutDelay(listener: Deno.TcpListener): Pick<Deno.Listener<Deno.Conn>, "accept" | "close"> {
  return {
    async accept() {
      const connection = await listener.accept();
      connection.setNoDelay(true);
      return connection;
    },
    close: () => listener.close(),
  };
}
