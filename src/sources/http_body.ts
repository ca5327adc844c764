import { backoffMs, messageOf, type Random, UnavailableError } from "../base/mod.ts";
import { errorOfStatus, type HttpContext, HttpExchange, isFinal, TransientError } from "./http_request.ts";
import { checkSameVersion, type HttpVersion, ifRange, rangeOf } from "./http_version.ts";

/** How a file is read over HTTP. */
export interface HttpReadContext extends HttpContext {
  readonly random: Random;
  /** How many failures in a row are borne; any byte that arrives starts the count again. */
  readonly maxRetries: number;
}

/**
 * Does `work`, again after failures that may pass.
 *
 * @param countOf where the number of failures in a row is kept
 * @throws {UnavailableError} after `maxRetries` of them
 */
export async function retrying<T>(
  url: string,
  context: HttpReadContext,
  failures: { count: number },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error)) throw error;
      if (failures.count >= context.maxRetries) {
        throw new UnavailableError(
          `Cannot read ${JSON.stringify(url)} after ${failures.count + 1} attempts: ${messageOf(error)}`,
          { cause: error },
        );
      }
      const delay = backoffMs(failures.count++, context.random, { initialMs: 100, maxMs: 5_000, factor: 2 });
      await context.clock.sleep(delay, { signal });
    }
  }
}

/**
 * The bytes behind a URL from an offset on. A broken connection is made again at the byte that was reached.
 */
export class HttpBody {
  readonly #url: string;
  readonly #context: HttpReadContext;
  readonly #signal: AbortSignal;
  readonly #failures = { count: 0 };
  #position: number;
  /** How many bytes of this answer lie in front of `#position`: servers may ignore ranges. */
  #skip = 0;
  #version: HttpVersion | null = null;
  #exchange: HttpExchange | null = null;
  #ended = false;

  /** Prepares to read from `start` on. */
  constructor(url: string, start: number, context: HttpReadContext, signal: AbortSignal) {
    this.#url = url;
    this.#position = start;
    this.#context = context;
    this.#signal = signal;
  }

  /** Connects, so that a missing file shows before the first byte is wanted. */
  connect(): Promise<void> {
    return this.#retrying(() => this.#connect());
  }

  /** The next bytes, or null after the last. */
  next(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#retrying(() => this.#read());
  }

  /** Releases the connection. */
  close(): void {
    this.#ended = true;
    this.#exchange?.close();
    this.#exchange = null;
  }

  #retrying<T>(work: () => Promise<T>): Promise<T> {
    return retrying(this.#url, this.#context, this.#failures, this.#signal, async () => {
      try {
        return await work();
      } catch (error) {
        this.#exchange?.close();
        this.#exchange = null;
        throw error;
      }
    });
  }

  async #connect(): Promise<void> {
    if (this.#exchange || this.#ended) return;
    this.#exchange = new HttpExchange(this.#url, this.#context, this.#signal);
    const response = await this.#exchange.send("GET", this.#rangeHeaders());
    const error = errorOfStatus(this.#url, response);
    if (error) throw error;
    const { start, version } = rangeOf(response);
    if (this.#version) checkSameVersion(this.#url, this.#version, version);
    this.#version ??= version;
    if (start === null || start > this.#position) {
      if (response.status !== 416) throw new TransientError("the server answers with another range");
      return this.close();
    }
    this.#skip = this.#position - start;
  }

  #rangeHeaders(): Record<string, string> {
    if (this.#position === 0) return {};
    return { range: `bytes=${this.#position}-`, ...(this.#version ? ifRange(this.#version) : {}) };
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      await this.#connect();
      if (!this.#exchange) return null;
      const chunk = await this.#exchange.read();
      if (chunk === null) {
        this.#checkEnd();
        this.close();
        return null;
      }
      const fresh = chunk.subarray(Math.min(this.#skip, chunk.length));
      this.#skip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      this.#position += fresh.length;
      this.#failures.count = 0;
      return fresh;
    }
  }

  /** A connection that closes early looks like the end on some runtimes. */
  #checkEnd(): void {
    const size = this.#version?.size ?? null;
    if (size !== null && this.#position < size) {
      throw new TransientError(`the connection ended at byte ${this.#position} of ${size}`);
    }
  }
}
