/**
 * Floor 4: the Connect protocol. Errors to and from the wire, typed clients, handlers mounted on fetch, and the
 * stream of elements by hand.
 *
 * @module
 */
export type { BodyReader, OpenStream, StreamRequest, StreamResponse } from "./body.ts";
export { isUnixAddress } from "./body.ts";
export {
  type ClientOptions,
  createDispatcherClient,
  createInspectionClient,
  createWorkerClient,
} from "./clients.ts";
export type { DispatcherClient, InspectionClient, WorkerClient } from "./clients.ts";
export {
  type BatchHeader,
  codecName,
  compressionNumber,
  type ElementFailure,
  fromElementBatch,
  type ReceivedBatch,
  toElementBatch,
  type WireBatch,
} from "./element_batch.ts";
export { allowOrigins } from "./cors.ts";
export {
  elementStreamError,
  elementStreamResponse,
  isElementStreamRequest,
  readElementStream,
  readElementStreamRequest,
} from "./element_stream.ts";
export {
  fromConnectError,
  fromElementFailure,
  isRetryable,
  toConnectError,
  toElementFailure,
} from "./errors.ts";
export { type FetchHandler, MAX_MESSAGE_BYTES, type MountOptions, mountServices } from "./mount.ts";
export { type PlainUnary, plainUnary } from "./plain_unary.ts";
export { normalizeTarget } from "./target.ts";
export { PROTOCOL_VERSION, VERSION_HEADER } from "./version.ts";
