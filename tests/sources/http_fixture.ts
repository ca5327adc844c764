/** What came to a server. */
export interface SeenRequest {
  readonly method: string;
  readonly headers: Headers;
}

/** How the server answers a request; undefined: as a good server would. */
export type Fault = (
  request: SeenRequest,
  index: number,
) => Response | "ignoreRange" | { breakAfter: number; ignoreRange?: boolean } | undefined;

/** The files of a server; `headers` go with every answer. */
export interface HttpFixtureOptions {
  files: Record<string, Uint8Array<ArrayBuffer>>;
  headers?: Record<string, string>;
  fault?: Fault;
}

/** A server that serves bytes, and whose faults a test chooses. */
export interface HttpFixture {
  /** Where it listens, with a slash at the end. */
  readonly base: string;
  /** The requests that came, in order. */
  readonly requests: readonly SeenRequest[];
}

/** A real server on a free port. */
export function serveFiles(options: HttpFixtureOptions): HttpFixture & AsyncDisposable {
  const requests: SeenRequest[] = [];
  // A body that is shorter than it says makes the server break the connection.
  const handler = handlerOf(options, requests, (controller) => controller.close());
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  return {
    base: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The same without a socket: what arrives before a break is certain. */
export function fakeServer(options: HttpFixtureOptions): HttpFixture & { fetch: typeof fetch } {
  const requests: SeenRequest[] = [];
  const handler = handlerOf(
    options,
    requests,
    (controller) => controller.error(new TypeError("broken connection")),
  );
  return {
    base: "http://fake.test/",
    requests,
    // deno-lint-ignore require-await -- an aborted request must reject, as a real one does
    fetch: async (input, init) => {
      init?.signal?.throwIfAborted();
      return handler(new Request(input, init));
    },
  };
}

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

function handlerOf(
  { files, headers = {}, fault }: HttpFixtureOptions,
  requests: SeenRequest[],
  breakOff: (controller: Controller) => void,
): (request: Request) => Response {
  return (request) => {
    const seen = { method: request.method, headers: new Headers(request.headers) };
    const chosen = fault?.(seen, requests.push(seen) - 1);
    if (chosen instanceof Response) return chosen;
    const bytes = files[decodeURIComponent(new URL(request.url).pathname.slice(1))];
    if (!bytes) return new Response("no such file", { status: 404 });
    const faults = typeof chosen === "object"
      ? chosen
      : { breakAfter: Infinity, ignoreRange: chosen !== undefined };
    return answer(
      seen,
      bytes,
      headers,
      faults.ignoreRange === true,
      (body) => bodyOf(body, faults.breakAfter, breakOff),
    );
  };
}

function answer(
  request: SeenRequest,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
  ignoreRange: boolean,
  bodyOf: (bytes: Uint8Array<ArrayBuffer>) => ReadableStream<Uint8Array<ArrayBuffer>>,
): Response {
  const condition = request.headers.get("if-range");
  const isSame = condition === null || condition === headers.etag || condition === headers["last-modified"];
  const range = ignoreRange || !isSame
    ? null
    : /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, bytes.length) : bytes.length;
  if (range && start >= bytes.length) {
    return new Response(null, {
      status: 416,
      headers: { ...headers, "content-range": `bytes */${bytes.length}` },
    });
  }
  const ranged: Record<string, string> = range
    ? { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` }
    : {};
  return new Response(request.method === "HEAD" ? null : bodyOf(bytes.slice(start, end)), {
    status: range ? 206 : 200,
    headers: { ...headers, ...ranged, "content-length": String(end - start) },
  });
}

/** Sends the bytes in pieces, and breaks off where the test wants it. */
function bodyOf(
  bytes: Uint8Array<ArrayBuffer>,
  breakAfter: number,
  breakOff: (controller: Controller) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      if (at >= breakAfter) return breakOff(controller);
      const end = Math.min(at + 10_000, breakAfter, bytes.length);
      controller.enqueue(bytes.slice(at, end));
      at = end;
    },
  }, { highWaterMark: 0 });
}
