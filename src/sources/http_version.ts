import { FailedPreconditionError } from "../base/mod.ts";

/**
 * What a server says of the version of a file, so that two halves of different versions are not put together.
 */
export interface HttpVersion {
  /** ETag or date of the last change; null: the server names none. */
  readonly validator: string | null;
  /** Size of the whole in bytes; null: not said. */
  readonly size: number | null;
}

/** The range that an answer holds. */
export interface HttpRange {
  /** Offset of its first byte; null: the answer has no bytes, the range asked for lies behind the end. */
  readonly start: number | null;
  readonly version: HttpVersion;
}

/** What an answer with status 200, 206 or 416 holds. */
export function rangeOf(response: Response): HttpRange {
  const { status, headers } = response;
  const validator = headers.get("etag") ?? headers.get("last-modified");
  if (status === 200) return { start: 0, version: { validator, size: contentLength(headers) } };
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
  const size = range && range[2] !== "*" ? Number(range[2]) : null;
  const start = status === 206 && range?.[1] !== undefined ? Number(range[1]) : null;
  return { start, version: { validator, size } };
}

/**
 * The size that the headers state, where it counts the bytes of the file and not those of a compressed form.
 */
function contentLength(headers: Headers): number | null {
  const encoding = headers.get("content-encoding");
  const length = headers.get("content-length");
  return length === null || (encoding !== null && encoding !== "identity") ? null : Number(length);
}

/** The `If-Range` header for a version; weak ETags may not be used for it. */
export function ifRange({ validator }: HttpVersion): Record<string, string> {
  return validator === null || validator.startsWith("W/") ? {} : { "if-range": validator };
}

/**
 * Checks that a later answer is about the same version.
 *
 * @throws {FailedPreconditionError} if the file has changed
 */
export function checkSameVersion(url: string, first: HttpVersion, later: HttpVersion): void {
  const sameSize = first.size === null || later.size === null || first.size === later.size;
  // An answer without bytes often names no validator.
  const sameValidator = later.validator === null || first.validator === later.validator;
  if (sameSize && sameValidator) return;
  throw new FailedPreconditionError(
    `Cannot go on reading ${JSON.stringify(url)}: it has changed since its first bytes were read`,
  );
}
