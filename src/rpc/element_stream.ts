/** The GetElements stream by hand, on both sides. The stock router serves every other encoding of the same RPC. */

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { endStreamFromJson, endStreamToJson } from "@connectrpc/connect/protocol-connect";
import {
  BufferChurn,
  DataLossError,
  InvalidArgumentError,
  raceAbort,
  ResourceExhaustedError,
  UnavailableError,
} from "../base/mod.ts";
import {
  type GetElementsRequest,
  GetElementsRequestSchema,
  WorkerService,
} from "../gen/sluice/v1/worker_pb.ts";
import type { OpenStream, StreamResponse } from "./body.ts";
import { ByteReader } from "./byte_reader.ts";
import { decodeBatch, encodeBatch, type ReceivedBatch, type WireBatch } from "./element_batch.ts";
import { encodeEnvelope, END_STREAM_FLAG, PREFIX_BYTES, readPrefix } from "./envelope.ts";
import { fromConnectError, toConnectError, unreachable } from "./errors.ts";
import { normalizeTarget } from "./target.ts";
import { checkVersion, PROTOCOL_VERSION, VERSION_HEADER } from "./version.ts";

const PATH = `/${WorkerService.typeName}/${WorkerService.method.getElements.name}`;
const CONTENT_TYPE = "application/connect+proto";
const MAX_REQUEST_BYTES = 64 * 1024;

/** Whether a request asks for elements in the encoding that is served by hand. */
export function isElementStreamRequest(request: Request): boolean {
  return request.method === "POST" && request.headers.get("content-type") === CONTENT_TYPE &&
    !request.headers.has("connect-content-encoding") && new URL(request.url).pathname === PATH;
}

/**
 * The message of such a request.
 *
 * @throws {FailedPreconditionError} for another protocol version
 * @throws {InvalidArgumentError} if the body is no request
 * @throws {ResourceExhaustedError} if it is over 64 KiB
 */
export async function readElementStreamRequest(request: Request): Promise<GetElementsRequest> {
  checkVersion(request.headers);
  const reader = new ByteReader(request.body ?? new Blob([]).stream());
  const prefix = await reader.read(PREFIX_BYTES);
  if (prefix?.byteLength !== PREFIX_BYTES || prefix[0] !== 0) {
    throw new InvalidArgumentError("Cannot read the request for elements: no envelope");
  }
  const { length } = readPrefix(prefix);
  if (length > MAX_REQUEST_BYTES) {
    await reader.cancel();
    throw new ResourceExhaustedError(
      `Cannot read the request for elements: ${length} bytes are over the limit of ${MAX_REQUEST_BYTES}`,
    );
  }
  const message = await reader.read(length);
  if ((message?.byteLength ?? 0) !== length) {
    throw new InvalidArgumentError("Cannot read the request for elements: the body ends in the message");
  }
  try {
    return fromBinary(GetElementsRequestSchema, message!);
  } catch (cause) {
    throw new InvalidArgumentError("Cannot read the request for elements: its bytes are damaged", { cause });
  }
}

/** The response that streams `batches`. A reader that leaves ends the iteration through its `return`. */
export function elementStreamResponse(batches: AsyncIterable<WireBatch>): Response {
  const iterator = batches[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { value, done } = await iterator.next();
        if (!done) {
          for (const piece of encodeBatch(value)) controller.enqueue(piece);
          return;
        }
        controller.enqueue(endStream(undefined));
      } catch (thrown) {
        controller.enqueue(endStream(thrown));
      }
      controller.close();
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(body, { headers: { "content-type": CONTENT_TYPE } });
}

/** The response of a request that failed before its first batch. */
export function elementStreamError(thrown: unknown): Response {
  return new Response(endStream(thrown), { headers: { "content-type": CONTENT_TYPE } });
}

function endStream(thrown: unknown): Uint8Array<ArrayBuffer> {
  const error = thrown === undefined ? undefined : toConnectError(thrown);
  const json = endStreamToJson(new Headers(), error, undefined);
  return encodeEnvelope(END_STREAM_FLAG, new TextEncoder().encode(JSON.stringify(json)));
}

/** How a stream is read. */
export interface ReadElementStreamOptions {
  /** Ends the stream with its reason. */
  signal: AbortSignal;
  /** Replaces the global `fetch`, as tests do. */
  fetch?: typeof globalThis.fetch;
  /** Goes before `fetch` where it reaches the address. */
  openStream?: OpenStream;
}

/**
 * Reads the elements of a task from the worker at `address`, each batch straight into a buffer of its own.
 *
 * @throws the signal's reason once it is aborted
 * @throws {UnavailableError} if the worker cannot be reached, or the stream breaks off
 * @throws {DataLossError} if the bytes are damaged
 * @throws whatever the worker ended the stream with
 */
export async function* readElementStream(
  address: string,
  request: MessageInitShape<typeof GetElementsRequestSchema>,
  options: ReadElementStreamOptions,
): AsyncGenerator<ReceivedBatch, void, void> {
  const { signal } = options;
  const message = toBinary(GetElementsRequestSchema, create(GetElementsRequestSchema, request));
  const response = await attempt(address, signal, () => raceAbort(send(address, message, options), signal));
  const { body } = response;
  const churn = new BufferChurn();
  // A listener for the whole stream: one for each read would cost more than the read.
  const onAbort = () => void body.cancel().catch(() => {});
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await checkResponse(response, address);
    for (;;) {
      const prefix = await attempt(address, signal, () => body.read(PREFIX_BYTES));
      if (prefix?.byteLength !== PREFIX_BYTES) throw brokenOff(address);
      const { flags, length } = readPrefix(prefix);
      // Behind five spare bytes the payload of a padded message lies at a multiple of eight.
      const bytes = await attempt(address, signal, () => body.read(length, PREFIX_BYTES));
      if ((bytes?.byteLength ?? 0) !== length) throw brokenOff(address);
      churn.made(length);
      if (flags === END_STREAM_FLAG) return checkEnd(bytes!, address);
      yield decodeBatch(bytes ?? new Uint8Array());
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    onAbort(); // The connection is being given up: how it fails no longer matters.
  }
}

/** Runs one step of the transport; what it fails with is the signal's reason or an UnavailableError. */
async function attempt<T>(address: string, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  try {
    const outcome = await step();
    if (!signal.aborted) return outcome;
  } catch (thrown) {
    if (!signal.aborted) throw unreachable(address, thrown);
  }
  throw signal.reason;
}

async function send(
  address: string,
  message: Uint8Array,
  { signal, openStream, fetch = globalThis.fetch }: ReadElementStreamOptions,
): Promise<StreamResponse> {
  const headers = {
    "content-type": CONTENT_TYPE,
    "connect-protocol-version": "1",
    [VERSION_HEADER]: String(PROTOCOL_VERSION),
  };
  const body = encodeEnvelope(0, message);
  const opened = await openStream?.(address, { path: PATH, headers, body, signal });
  if (opened) return opened;
  const response = await fetch(normalizeTarget(address) + PATH, { method: "POST", headers, body, signal });
  return {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    body: new ByteReader(response.body ?? new Blob([]).stream()),
  };
}

async function checkResponse({ status, contentType, body }: StreamResponse, address: string): Promise<void> {
  if (status === 200 && contentType === CONTENT_TYPE) return;
  await body.cancel();
  const what = `Cannot read elements from ${address}: HTTP status ${status}, content type "${contentType}"`;
  if (status >= 502 && status <= 504) throw new UnavailableError(what);
  throw new DataLossError(`${what}, is it a Sluice worker?`);
}

function brokenOff(address: string): UnavailableError {
  return new UnavailableError(`Cannot read on from ${address}: the stream broke off`);
}

function checkEnd(message: Uint8Array, address: string): void {
  let error: unknown;
  try {
    error = endStreamFromJson(message).error;
  } catch (cause) {
    throw new DataLossError(`Cannot read the end of the stream of ${address}: its bytes are damaged`, {
      cause,
    });
  }
  if (error) throw fromConnectError(error, address);
}
