/**
 * The errors that Sluice throws. Each carries a {@linkcode SluiceErrorCode}, the lower-case code of the
 * Connect protocol, so that an error keeps its meaning on its way through a worker, a dispatcher and a client.
 */

/** The codes of the Connect protocol. */
export type SluiceErrorCode =
  | "canceled"
  | "unknown"
  | "invalid_argument"
  | "deadline_exceeded"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "resource_exhausted"
  | "failed_precondition"
  | "aborted"
  | "out_of_range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data_loss"
  | "unauthenticated";

/**
 * Base of every error that Sluice throws.
 *
 * @example Telling errors apart by their code
 * ```ts
 * import { NotFoundError, SluiceError } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const error: SluiceError = new NotFoundError('Cannot open "a.txt": no such file');
 * assertEquals(error.code, "not_found");
 * ```
 */
export class SluiceError extends Error {
  /** What went wrong, as a lower-case code of the Connect protocol. */
  readonly code: string;

  /** Makes an error with a message, a code (default `"unknown"`) and, where there is one, its `cause`. */
  constructor(message: string, options?: { code?: SluiceErrorCode; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options?.code ?? "unknown";
  }
}

/** An argument, option, flag or request field has a value that is never right. Correct the call. */
export class InvalidArgumentError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "invalid_argument" });
    this.name = "InvalidArgumentError";
  }
}

/** What was named does not exist: a file, a dataset id, a job. */
export class NotFoundError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "not_found" });
    this.name = "NotFoundError";
  }
}

/** What should be created exists already with another content. */
export class AlreadyExistsError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "already_exists" });
    this.name = "AlreadyExistsError";
  }
}

/** The call is well formed but not possible in the present state; the message says which state that is. */
export class FailedPreconditionError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "failed_precondition" });
    this.name = "FailedPreconditionError";
  }
}

/** A server cannot be reached or is not ready, after all retries that the deadline allowed. Try again later. */
export class UnavailableError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "unavailable" });
    this.name = "UnavailableError";
  }
}

/** Bytes are damaged: a record's checksum is wrong, a block is truncated, a length contradicts the data. */
export class DataLossError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "data_loss" });
    this.name = "DataLossError";
  }
}

/** The work was cancelled, by the caller or because a server stops. */
export class CanceledError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "canceled" });
    this.name = "CanceledError";
  }
}

/** A call did not end before its deadline. */
export class DeadlineExceededError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "deadline_exceeded" });
    this.name = "DeadlineExceededError";
  }
}

/** The caller did not say who it is, or said it in a way that the server does not accept. */
export class UnauthenticatedError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "unauthenticated" });
    this.name = "UnauthenticatedError";
  }
}

/** The caller, or a task's process, lacks the permission for what it tried. */
export class PermissionDeniedError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "permission_denied" });
    this.name = "PermissionDeniedError";
  }
}

/** A limit on memory, size or count was reached; the message names the limit. */
export class ResourceExhaustedError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "resource_exhausted" });
    this.name = "ResourceExhaustedError";
  }
}

/** A user's function threw, or Sluice itself is at fault; `cause` and the message say which. */
export class InternalError extends SluiceError {
  /** Makes the error with its message and, where there is one, its `cause`. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { ...options, code: "internal" });
    this.name = "InternalError";
  }
}

const CLASS_OF_CODE: Partial<
  Record<SluiceErrorCode, new (message: string, options?: { cause?: unknown }) => SluiceError>
> = {
  invalid_argument: InvalidArgumentError,
  not_found: NotFoundError,
  already_exists: AlreadyExistsError,
  failed_precondition: FailedPreconditionError,
  unavailable: UnavailableError,
  data_loss: DataLossError,
  canceled: CanceledError,
  deadline_exceeded: DeadlineExceededError,
  unauthenticated: UnauthenticatedError,
  permission_denied: PermissionDeniedError,
  resource_exhausted: ResourceExhaustedError,
  internal: InternalError,
};

/** Makes the error of the class that belongs to `code`; codes without a class of their own give a plain {@linkcode SluiceError}. */
export function errorFromCode(
  code: SluiceErrorCode,
  message: string,
  options?: { cause?: unknown },
): SluiceError {
  const Class = CLASS_OF_CODE[code];
  return Class ? new Class(message, options) : new SluiceError(message, { ...options, code });
}

/** The message of anything that was thrown, an `Error` or not. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
