/**
 * Unary calls of the Connect protocol by hand. The stock transport takes each call through interceptors, two linked
 * signals, copies of its headers, and an abort with an exception of its own when all went well: more than the call
 * itself costs, for a client that heartbeats, leases and acknowledges.
 */

import {
  create,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJsonBytes, validateResponse } from "@connectrpc/connect/protocol-connect";
import { type Clock, DeadlineExceededError, messageOf } from "../base/mod.ts";
import { fromConnectError } from "./errors.ts";
import { PROTOCOL_VERSION, VERSION_HEADER } from "./version.ts";

/** Who is called, and how. */
export interface CallTarget {
  /** The server as errors name it. */
  readonly address: string;
  /** Its origin, "http://host:port". */
  readonly origin: string;
  /** Asked for at each call; undefined: the global one. */
  readonly fetch: typeof globalThis.fetch | undefined;
  /** Times deadlines. */
  readonly clock: Clock;
  /** Deadline of a call that states none, in milliseconds. */
  readonly defaultTimeoutMs: number;
}

/** What a call may be given. */
export interface CallOptions {
  /** Ends the call with its reason. */
  readonly signal?: AbortSignal;
  /** Longest time to wait for the answer, in milliseconds, more than 0. @default the client's */
  readonly timeoutMs?: number;
}

/**
 * Calls `method` once.
 *
 * @throws the signal's reason once it is aborted
 * @throws {DeadlineExceededError} if there was no answer in time
 * @throws {UnavailableError} if the server cannot be reached
 * @throws whatever the server refused the call with
 */
export async function callUnary<M extends DescMethodUnary>(
  { address, origin, fetch = globalThis.fetch, clock, defaultTimeoutMs }: CallTarget,
  method: M,
  request: MessageInitShape<M["input"]>,
  { signal, timeoutMs = defaultTimeoutMs }: CallOptions = {},
): Promise<MessageShape<M["output"]>> {
  signal?.throwIfAborted();
  const body = toBinary<M["input"]>(method.input, create<M["input"]>(method.input, request));
  const headers = {
    "content-type": "application/proto",
    "connect-protocol-version": "1",
    "connect-timeout-ms": String(Math.ceil(timeoutMs)),
    [VERSION_HEADER]: String(PROTOCOL_VERSION),
  };
  const call = new AbortController();
  const giveUp = () => call.abort(signal!.reason);
  signal?.addEventListener("abort", giveUp, { once: true });
  const timer = clock.setTimer(
    () => call.abort(new DeadlineExceededError(`No answer from ${address} in time`)),
    timeoutMs,
  );
  try {
    const url = `${origin}/${method.parent.typeName}/${method.name}`;
    const options = { method: "POST", redirect: "error", headers, body, signal: call.signal } as const;
    return await readAnswer(await fetch(url, options), method);
  } catch (thrown) {
    // Not what was thrown: some runtimes wrap the reason in an error of their own.
    if (call.signal.aborted) throw call.signal.reason;
    const error = fromConnectError(thrown, address);
    call.abort(error); // Of an answer that was not understood the rest is not wanted.
    throw error;
  } finally {
    timer.clear();
    signal?.removeEventListener("abort", giveUp);
  }
}

async function readAnswer<M extends DescMethodUnary>(
  response: Response,
  method: M,
): Promise<MessageShape<M["output"]>> {
  const { isUnaryError, unaryError } = validateResponse("unary", true, response.status, response.headers);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (isUnaryError) throw errorFromJsonBytes(bytes, undefined, unaryError);
  try {
    return fromBinary<M["output"]>(method.output, bytes);
  } catch (cause) {
    throw new ConnectError(`parse binary: ${messageOf(cause)}`, Code.Internal);
  }
}
