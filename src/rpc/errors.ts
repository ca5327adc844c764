/** The one place where errors of Sluice become errors of the wire, and back. */

import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString, codeToString } from "@connectrpc/connect/protocol-connect";
import type { ElementFailure } from "./element_batch.ts";
import {
  errorFromCode,
  messageOf,
  SluiceError,
  type SluiceErrorCode,
  UnavailableError,
} from "../base/mod.ts";

/** What a handler threw, as the wire carries it. Errors that are not Sluice's own become `internal`. */
export function toConnectError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const code = thrown instanceof SluiceError ? codeFromString(thrown.code) ?? Code.Unknown : Code.Internal;
  return new ConnectError(messageOf(thrown), code, undefined, undefined, thrown);
}

/** What a call failed with, as a Sluice error; `address` is the server's. */
export function fromConnectError(thrown: unknown, address: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const error = ConnectError.from(thrown, Code.Unavailable);
  // Every runtime reports a refused or broken connection as a TypeError of fetch, each with words of its own,
  // and Connect knows it only as "unknown": retries would never happen.
  if (thrown instanceof TypeError || error.cause instanceof TypeError) {
    return unreachable(address, error.cause ?? thrown);
  }
  if (error.code === Code.DeadlineExceeded && !isFromServer(error)) {
    return errorFromCode("deadline_exceeded", `No answer from ${address} in time`, { cause: thrown });
  }
  if (error.code === Code.Unimplemented || error.code === Code.Unknown) {
    return errorFromCode(
      codeToString(error.code) as SluiceErrorCode,
      `Cannot understand the answer of ${address}, is it a Sluice server? ${error.rawMessage}`,
      { cause: thrown },
    );
  }
  return errorFromCode(codeToString(error.code) as SluiceErrorCode, error.rawMessage, { cause: thrown });
}

/** The error of a connection to `address` that was refused or broke. */
export function unreachable(address: string, cause: unknown): UnavailableError {
  const reason = cause instanceof Error && cause.cause instanceof Error
    ? cause.cause.message
    : messageOf(cause);
  return new UnavailableError(`Cannot reach ${address}: ${reason}`, { cause });
}

/** What a pipeline failed with, as it travels among the elements. */
export function toElementFailure(thrown: unknown): ElementFailure {
  const { code, rawMessage: message } = toConnectError(thrown);
  const cause = thrown instanceof SluiceError && thrown.code === "internal" ? thrown.cause : undefined;
  return { code: codeToString(code), message, errorClass: cause instanceof Error ? cause.name : "" };
}

/** The error that such a message stands for; where a user's function threw, its cause has that error's name. */
export function fromElementFailure({ code, message, errorClass }: ElementFailure): SluiceError {
  const cause = errorClass === "" ? undefined : Object.assign(new Error(message), { name: errorClass });
  const known = codeFromString(code) === undefined ? "unknown" : code as SluiceErrorCode;
  return errorFromCode(known, message, { cause });
}

function isFromServer(error: ConnectError): boolean {
  return (error as { isWireError?: boolean }).isWireError === true;
}

/**
 * Whether a failed call may be tried again: the server was not there, gave the call up or did not answer in
 * time. Requests that change state carry a request id, so that trying again does nothing twice.
 */
export function isRetryable(error: unknown): boolean {
  return error instanceof SluiceError &&
    (error.code === "unavailable" || error.code === "aborted" || error.code === "canceled" ||
      error.code === "deadline_exceeded");
}
