/** Serving: Connect and gRPC-Web handlers on the fetch API. */

import { type ConnectRouter, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { toConnectError } from "./errors.ts";
import { answerPlain, isPlain, type PlainUnary } from "./plain_unary.ts";
import { checkVersion } from "./version.ts";

/** Largest request that a server reads, in bytes: a dataset with its bundled modules. */
export const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** Answers a request, or gives null where its path belongs to nobody here. */
export type FetchHandler = (request: Request) => Promise<Response> | null;

/** What handlers throw becomes an error of the wire; another protocol version is refused before they run. */
const guard: Interceptor = (next) => async (request) => {
  try {
    checkVersion(request.header);
    const response = await next(request);
    return response.stream ? { ...response, message: mapErrors(response.message) } : response;
  } catch (thrown) {
    throw toConnectError(thrown);
  }
};

async function* mapErrors<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (thrown) {
    throw toConnectError(thrown);
  }
}

/** What a handler of services may be given. */
export interface MountOptions {
  /** Methods of the services that are answered beside the router wherever the answer is the same. @default none */
  readonly plain?: readonly PlainUnary[];
}

/** Makes one handler of the services that `routes` registers. */
export function mountServices(
  routes: (router: ConnectRouter) => void,
  { plain = [] }: MountOptions = {},
): FetchHandler {
  const router = createConnectRouter({
    grpc: false, // Needs HTTP trailers, which fetch responses do not have.
    readMaxBytes: MAX_MESSAGE_BYTES,
    interceptors: [guard],
  });
  routes(router);
  const handlers = new Map(
    router.handlers.map((handler) => [handler.requestPath, createFetchHandler(handler)]),
  );
  const methods = new Map(plain.map((method) => [method.path, method]));
  return (request) => {
    const path = pathOf(request.url);
    const method = methods.get(path);
    if (method && isPlain(request)) return answerPlain(request, method);
    const handler = handlers.get(path);
    return handler ? handler(request).then(blameCaller) : null;
  };
}

/**
 * Connect answers a body that is no message as if the server had failed. The fault is the caller's, and a 500
 * would wake up whoever watches the servers.
 */
async function blameCaller(response: Response): Promise<Response> {
  if (response.status !== 500 || response.headers.get("content-type") !== "application/json") return response;
  const text = await response.text();
  const { code, message } = JSON.parse(text) as { code?: string; message?: string };
  if (code !== "internal" || !message?.startsWith("parse binary: ")) {
    return new Response(text, { status: response.status, headers: response.headers });
  }
  const refusal = {
    code: "invalid_argument",
    message: `Cannot read the request: ${message.slice("parse binary: ".length)}`,
  };
  return Response.json(refusal, { status: 400 });
}

/** The path of an absolute URL, without the cost of parsing the rest. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  return start < 0 ? "/" : url.slice(start, query < 0 ? undefined : query);
}
