import { errorFromCode, messageOf, SluiceError, type SluiceErrorCode } from "../../base/mod.ts";

/** An error as it crosses to another thread: an object of an error class would lose its class and code. */
export interface SentError {
  readonly message: string;
  /** A code of Sluice's, or null for the error of somebody else. */
  readonly code: string | null;
  readonly name: string;
  readonly stack: string | null;
  readonly cause: SentError | null;
}

/** What is sent of whatever was thrown. */
export function sendError(thrown: unknown, depth = 0): SentError {
  const error = thrown instanceof Error ? thrown : null;
  return {
    message: messageOf(thrown),
    code: thrown instanceof SluiceError ? thrown.code : null,
    name: error?.name ?? "Error",
    stack: error?.stack ?? null,
    // A chain of causes may be a ring.
    cause: error?.cause === undefined || depth >= 8 ? null : sendError(error.cause, depth + 1),
  };
}

/** The error that was sent, with its class, code, message, cause and stack. */
export function receiveError(sent: SentError): Error {
  const cause = sent.cause === null ? undefined : receiveError(sent.cause);
  const error = sent.code === null
    ? new Error(sent.message, cause && { cause })
    : errorFromCode(sent.code as SluiceErrorCode, sent.message, { cause });
  if (sent.code === null) error.name = sent.name;
  if (sent.stack !== null) error.stack = sent.stack;
  return error;
}
