import {
  checkInteger,
  checkKeys,
  type Clock,
  FailedPreconditionError,
  InvalidArgumentError,
  type Random,
  systemClock,
  systemRandom,
} from "../base/mod.ts";
import type { ByteSource, FileSystem } from "./byte_source.ts";
import { HttpBody, type HttpReadContext, retrying } from "./http_body.ts";
import { errorOfStatus, HttpExchange } from "./http_request.ts";
import { rangeOf } from "./http_version.ts";
import { isUrl } from "./url.ts";

/** Options of {@linkcode httpFileSystem}. */
export interface HttpFileSystemOptions {
  /** Makes the requests. @default the global `fetch` */
  fetch?: typeof fetch;
  /** Where time comes from. @default systemClock */
  clock?: Clock;
  /** Where the jitter between retries comes from. @default systemRandom */
  random?: Random;
  /** How many failures in a row are borne before a read fails. @default 4 */
  maxRetries?: number;
  /** How long a server may say nothing, in milliseconds. @default 60_000 */
  idleTimeoutMs?: number;
}

/**
 * Files behind `http:` and `https:` URLs; `blob:` and `data:` URLs, too. A connection that breaks is made
 * again at the byte that was reached; a server that ignores ranges sends the bytes again, and they are
 * skipped.
 *
 * Reads reject with {@linkcode NotFoundError} for status 404 and 410, {@linkcode PermissionDeniedError} for
 * 403, {@linkcode UnauthenticatedError} for 401, {@linkcode UnavailableError} for a server that stays
 * unreachable, silent or busy through all retries, {@linkcode FailedPreconditionError} for other statuses,
 * for a file that changed while it was read, and for names that are no URLs.
 *
 * @throws {InvalidArgumentError} for bad options
 */
export function httpFileSystem(options: HttpFileSystemOptions = {}): FileSystem {
  checkKeys("options", options, ["fetch", "clock", "random", "maxRetries", "idleTimeoutMs"]);
  const { clock = systemClock, random = systemRandom, maxRetries = 4, idleTimeoutMs = 60_000 } = options;
  const context: HttpReadContext = {
    // Looked up late: programs replace the global, and browsers want it called as a function of the window.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    clock,
    random,
    maxRetries: checkInteger("maxRetries", maxRetries, { min: 0 }),
    idleTimeoutMs: checkInteger("idleTimeoutMs", idleTimeoutMs, { min: 1 }),
  };
  return {
    source: (name) => httpSource(name, context),
    // deno-lint-ignore require-await -- a bad name must reject, as it does in every other file system
    async list(pattern, { signal } = {}) {
      signal?.throwIfAborted();
      checkUrl(pattern);
      return [pattern];
    },
  };
}

/** Reads URLs only: what a runtime without files can do. */
export const portableFileSystem: FileSystem = httpFileSystem();

function checkUrl(name: string): void {
  if (!isUrl(name)) {
    throw new FailedPreconditionError(`Cannot read ${JSON.stringify(name)}: this runtime reads URLs only`);
  }
  if (!URL.canParse(name)) {
    throw new InvalidArgumentError(`Cannot read ${JSON.stringify(name)}: it is not a well-formed URL`);
  }
}

function httpSource(url: string, context: HttpReadContext): ByteSource {
  return {
    name: url,
    async size() {
      checkUrl(url);
      const { signal } = new AbortController();
      return await retrying(url, context, { count: 0 }, signal, () => requestSize(url, context, signal));
    },
    async open({ start = 0, signal = new AbortController().signal } = {}) {
      checkUrl(url);
      signal.throwIfAborted();
      const body = new HttpBody(url, start, context, signal);
      await body.connect();
      return new ReadableStream({
        async pull(controller) {
          const chunk = await body.next();
          if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
        cancel: () => body.close(),
      }, { highWaterMark: 0 });
    },
  };
}

async function requestSize(
  url: string,
  context: HttpReadContext,
  signal: AbortSignal,
): Promise<number | null> {
  const head = await exchange("HEAD", {});
  // Object stores sign URLs for one method, and some servers know no other than GET.
  const response = [400, 403, 405, 501].includes(head.status) || !/^http/i.test(url)
    ? await exchange("GET", { range: "bytes=0-0" })
    : head;
  const error = errorOfStatus(url, response);
  if (error) throw error;
  return rangeOf(response).version.size;

  async function exchange(method: "GET" | "HEAD", headers: Record<string, string>): Promise<Response> {
    const request = new HttpExchange(url, context, signal);
    try {
      return await request.send(method, headers);
    } finally {
      request.close();
    }
  }
}
