/** Errors as gRPC writes them: a number in the trailer `grpc-status` and a text in `grpc-message`. */

import { errorFromCode, messageOf, SluiceError, type SluiceErrorCode } from "../../base/mod.ts";

/** The codes by their numbers. */
const CODES: readonly (SluiceErrorCode | "ok")[] = [
  "ok",
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
];

/** The trailers of a call that went well. */
export const OK_TRAILERS = { "grpc-status": "0" };

/** Longest text of an error on the wire: receivers bound the size of all trailers, 8 KiB in TensorFlow's clients. */
const MAX_MESSAGE_BYTES = 6_000;

/** The trailers of a call that failed with `thrown`. Errors that are not Sluice's own become INTERNAL. */
export function errorTrailers(thrown: unknown): Record<string, string> {
  const code = thrown instanceof SluiceError ? CODES.indexOf(thrown.code as SluiceErrorCode) : 13;
  return { "grpc-status": String(code < 1 ? 2 : code), "grpc-message": boundedMessage(messageOf(thrown)) };
}

/** The error that a status stands for; none for success. `address` is the server's. */
export function errorOfStatus(
  status: string,
  message: string | undefined,
  address: string,
): SluiceError | undefined {
  if (status === "0") return undefined;
  const code = /^\d{1,3}$/.test(status) ? CODES[Number(status)] ?? "unknown" : "unknown";
  const text = decodeMessage(message ?? "");
  return errorFromCode(
    code as SluiceErrorCode,
    text === "" ? `${address} failed with status ${status} and no message` : text,
  );
}

function boundedMessage(text: string): string {
  let encoded = encodeMessage(text.slice(0, MAX_MESSAGE_BYTES));
  for (let length = MAX_MESSAGE_BYTES; encoded.length > MAX_MESSAGE_BYTES; length /= 2) {
    encoded = encodeMessage(`${text.slice(0, length)}...`);
  }
  return encoded;
}

/** Text as UTF-8 with everything but printable ASCII percent-encoded, and the percent sign itself. */
function encodeMessage(text: string): string {
  // A lone surrogate has no encoding, and would turn one error into another.
  return text.toWellFormed().replace(/[^ -$&-~]+/gu, (part) => encodeURIComponent(part));
}

/** What cannot be decoded is kept as it came: a damaged message must not hide the error. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
