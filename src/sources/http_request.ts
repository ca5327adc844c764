import {
  type Clock,
  FailedPreconditionError,
  messageOf,
  NotFoundError,
  PermissionDeniedError,
  SluiceError,
  UnauthenticatedError,
} from "../base/mod.ts";

/** A failure that may be over when the request is made again. */
export class TransientError extends Error {
  override name = "TransientError";
}

/** What a request is made with. */
export interface HttpContext {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** How long a server may say nothing, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/** One exchange with a server. */
export class HttpExchange {
  readonly #context: HttpContext;
  readonly #url: string;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;

  /** Prepares an exchange; `signal` ends it. */
  constructor(url: string, context: HttpContext, signal: AbortSignal) {
    this.#url = url;
    this.#context = context;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
  }

  /**
   * Sends the request and waits for the head of the answer.
   *
   * @throws {TransientError} if the server cannot be reached, is silent or says that it is busy; a
   * {@linkcode SluiceError} for what will not change
   */
  async send(method: "GET" | "HEAD", headers: Record<string, string>): Promise<Response> {
    // Offsets count the bytes of the file, so the server must not compress them on the way.
    const init = { method, headers: { "accept-encoding": "identity", ...headers }, signal: this.#signal };
    const response = await this.#timed(this.#context.fetch(this.#url, init));
    this.#reader = response.body?.getReader() as
      | ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
      | undefined;
    return response;
  }

  /** The next bytes of the body, or null after the last. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (!this.#reader) return null;
    const { done, value } = await this.#timed(this.#reader.read());
    return done ? null : value;
  }

  /** Ends the exchange and releases its connection. */
  close(): void {
    this.#abort.abort();
    // An aborted body rejects; nobody waits for it any more.
    this.#reader?.cancel().catch(() => {});
  }

  async #timed<T>(work: Promise<T>): Promise<T> {
    const { clock, idleTimeoutMs } = this.#context;
    const timer = clock.setTimer(() => {
      this.#abort.abort(new TransientError(`the server said nothing for ${idleTimeoutMs} ms`));
    }, idleTimeoutMs);
    try {
      return await work;
    } catch (error) {
      if (error instanceof TransientError) throw error;
      if ((error as Error).name === "NotCapable") {
        // Deno's own refusal: asking again does not give the permission.
        const message = `Cannot read ${JSON.stringify(this.#url)}: ${messageOf(error)}`;
        throw new PermissionDeniedError(message, { cause: error });
      }
      throw new TransientError(messageOf(error), { cause: error });
    } finally {
      timer.clear();
    }
  }
}

/** The error that a status is, or null for an answer that can be used. */
export function errorOfStatus(url: string, { status, statusText }: Response): Error | null {
  if (status === 200 || status === 206 || status === 416) return null;
  const answer = `the server answers ${status}${statusText ? ` ${statusText}` : ""}`;
  const message = `Cannot read ${JSON.stringify(url)}: ${answer}`;
  if (status === 404 || status === 410) return new NotFoundError(message);
  if (status === 401) return new UnauthenticatedError(message);
  if (status === 403) return new PermissionDeniedError(message);
  if (status === 408 || status === 425 || status === 429 || status >= 500) return new TransientError(answer);
  return new FailedPreconditionError(message);
}

/** Whether trying again is of no use. */
export function isFinal(error: unknown): boolean {
  return error instanceof SluiceError;
}
