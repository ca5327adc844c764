/**
 * Unary calls beside the Connect router, for the few methods that are called thousands of times a second.
 * The stock handler costs some 300 µs a call, most of it for header objects, signals and iterables that these
 * methods have no use for. Whatever is not the plain case (JSON, gRPC-Web, compression, odd headers, bodies of
 * unknown or large size) goes to the stock handler, which is also the model that the tests compare with.
 */

import { type DescMethodUnary, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { InvalidArgumentError, messageOf } from "../base/mod.ts";
import { toConnectError } from "./errors.ts";
import { checkVersion } from "./version.ts";

/** A method that is answered in encoded form. */
export interface PlainUnary {
  /** Its path in the URL. */
  readonly path: string;
  /** The encoded reply to an encoded request; rejects with the errors that a handler of the router may throw. */
  answer(message: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** Larger requests take the stock path, which reads them piece by piece against its limit. */
const MAX_BYTES = 1024 * 1024;

const PROTO = { headers: { "content-type": "application/proto" } };

/**
 * The plain form of `method`. `answer` gives the encoded reply, so that equal replies are encoded once; `signal` is
 * aborted when the caller has gone.
 */
export function plainUnary<M extends DescMethodUnary>(
  method: M,
  answer: (request: MessageShape<M["input"]>, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>,
): PlainUnary {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    answer(message, signal) {
      let request: MessageShape<M["input"]>;
      try {
        request = fromBinary<M["input"]>(method.input, message);
      } catch (cause) {
        throw new InvalidArgumentError(`Cannot read the request: ${messageOf(cause)}`, { cause });
      }
      return answer(request, signal);
    },
  };
}

/** Whether the plain path answers `request` as the stock one would. */
export function isPlain(request: Request): boolean {
  if (request.method !== "POST") return false;
  const { headers } = request;
  if (headers.get("content-type") !== "application/proto" || headers.has("content-encoding")) return false;
  const length = headers.get("content-length");
  if (length === null || !(Number(length) <= MAX_BYTES)) return false;
  const timeout = headers.get("connect-timeout-ms");
  return timeout === null || /^\d{1,9}$/.test(timeout);
}

/** Answers a request that {@linkcode isPlain}. */
export async function answerPlain(request: Request, { answer }: PlainUnary): Promise<Response> {
  try {
    // The body is read before anything is refused: what is left of it would stand before the next request.
    const message = await request.bytes();
    checkVersion(request.headers);
    return new Response(await answer(message, request.signal), PROTO);
  } catch (thrown) {
    const error = toConnectError(thrown);
    return new Response(Uint8Array.from(errorToJsonBytes(error, undefined)), {
      status: codeToHttpStatus(error.code),
      headers: { "content-type": "application/json" },
    });
  }
}
