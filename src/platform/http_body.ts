/** The body of an HTTP/1.1 response on a connection of one's own, taken out of its framing straight into the caller's buffers. */

import type { BodyReader } from "../rpc/mod.ts";
import { type HttpHead, parseHead } from "./http_head.ts";

/** What a response is read from: a `Deno.Conn`, say. */
export interface ByteConnection {
  /** Fills the beginning of `target`; gives how many bytes came, or null at the end. */
  read(target: Uint8Array): Promise<number | null>;
  close(): void;
}

// Framing and small messages go through a buffer of this size; the bulk of large ones does not.
const BUFFER_BYTES = 64 * 1024;

// What is left of a message below this size is read together with what follows it.
const DIRECT_BYTES = 32 * 1024;

// A socket seldom has more at once, and room that stays empty is not free.
const LARGEST_READ_BYTES = 512 * 1024;

// A head or a line of the framing that is longer comes from something that is no Sluice worker.
const LONGEST_HEAD = 16 * 1024;
const LONGEST_LINE = 1024;

const CR = 13;
const LF = 10;

/** Reads one response from its first byte on. */
export class HttpBody implements BodyReader {
  readonly #connection: ByteConnection;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** What of the buffer has come and not been taken. */
  #from = 0;
  #to = 0;
  /** Bytes of the body that follow without framing between them. */
  #left = 0;
  #chunks: "none" | "first" | "more" = "none";
  #cancelled = false;

  /** Takes over a connection on which a response is to come. */
  constructor(connection: ByteConnection) {
    this.#connection = connection;
  }

  /**
   * Reads the head, once, before the body.
   *
   * @throws {TypeError} if what comes is no HTTP/1.1
   */
  async readHead(): Promise<HttpHead> {
    for (;;) {
      const head = parseHead(await this.#takeHead());
      if (head.status < 200) continue; // "100 Continue" and its kind come before the response.
      this.#chunks = head.chunked ? "first" : "none";
      this.#left = head.chunked ? 0 : head.length ?? Infinity;
      return head;
    }
  }

  async read(length: number, offset = 0): Promise<Uint8Array<ArrayBuffer> | null> {
    const target = new Uint8Array(offset + length);
    const end = target.length;
    let at = offset;
    while (at < end) {
      if (this.#left === 0 && !(await this.#beginChunk())) break;
      const count = Math.min(end - at, this.#left, this.#to - this.#from);
      if (count > 0) {
        target.set(this.#buffer.subarray(this.#from, this.#from + count), at);
        this.#from += count;
        this.#left -= count;
        at += count;
      } else if (end - at >= DIRECT_BYTES) {
        const received = await this.#receive(target.subarray(at, at + LARGEST_READ_BYTES));
        if (received === 0) break;
        at = this.#unframe(target, at, at + received);
      } else if (!(await this.#fill())) break;
    }
    return at === offset && length > 0 ? null : target.subarray(offset, at);
  }

  /**
   * Takes the framing out of what has come into `target` between `from` and `to`; gives where the body's bytes end
   * there. Servers cut large bodies into chunks of 64 KiB: a read for each would cost more than moving the bytes.
   */
  #unframe(target: Uint8Array, from: number, to: number): number {
    let at = from;
    while (from < to) {
      if (this.#left === 0) {
        const next = this.#skipFraming(target, from, to);
        if (next === null) {
          this.#buffer.set(target.subarray(from, to));
          this.#from = 0;
          this.#to = to - from;
          return at;
        }
        from = next;
      }
      const count = Math.min(to - from, this.#left);
      if (at !== from) target.copyWithin(at, from, from + count);
      from += count;
      at += count;
      this.#left -= count;
    }
    return at;
  }

  /** Begins the next chunk where all of its framing has come; else gives null, and nothing has changed. */
  #skipFraming(bytes: Uint8Array, from: number, to: number): number | null {
    if (this.#chunks !== "more" || to - from < 2 || bytes[from] !== CR || bytes[from + 1] !== LF) return null;
    // Not by indexOf(): where the line has not come whole, that would search the room behind what has come.
    const most = Math.min(to, from + LONGEST_LINE);
    let end = from + 2;
    while (end < most && bytes[end] !== LF) end++;
    if (end >= most) return null;
    this.#left = chunkSize(lineOf(bytes, from + 2, end));
    return this.#left > 0 ? end + 1 : null;
  }

  // deno-lint-ignore require-await -- the port is asynchronous
  async cancel(): Promise<void> {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#connection.close();
  }

  async #takeHead(): Promise<string> {
    let scanned = 0;
    for (;;) {
      const bytes = this.#buffer.subarray(this.#from, this.#to);
      const text = new TextDecoder("latin1").decode(bytes);
      const end = text.indexOf("\r\n\r\n", Math.max(0, scanned - 3));
      if (end >= 0) {
        this.#from += end + 4;
        return text.slice(0, end);
      }
      scanned = bytes.length;
      if (scanned >= LONGEST_HEAD) {
        throw new TypeError(`The head of a response is over ${LONGEST_HEAD} bytes`);
      }
      if (!(await this.#fill())) throw new TypeError("The connection was closed before a response came");
    }
  }

  /** Takes the framing before the next bytes of the body; says whether there are any. */
  async #beginChunk(): Promise<boolean> {
    if (this.#chunks === "none") return false;
    if (this.#chunks === "more" && await this.#takeLine() !== "") {
      throw new TypeError("A chunk of a response is longer than it said");
    }
    this.#chunks = "more";
    const line = await this.#takeLine();
    if (line === null) return false;
    this.#left = chunkSize(line);
    if (this.#left === 0) this.#chunks = "none"; // Trailers are not asked for, and nobody reads on.
    return this.#left > 0;
  }

  /** A line of the framing without its end, or null if the connection ends in it. */
  async #takeLine(): Promise<string | null> {
    let at = this.#from;
    for (;;) {
      for (; at < this.#to; at++) {
        if (this.#buffer[at] !== LF) continue;
        const line = lineOf(this.#buffer, this.#from, at);
        this.#from = at + 1;
        return line;
      }
      const scanned = at - this.#from;
      if (scanned > LONGEST_LINE) throw new TypeError(`A line of a response is over ${LONGEST_LINE} bytes`);
      if (!(await this.#fill())) return null;
      at = this.#from + scanned;
    }
  }

  /** Gets more into the buffer; says whether something came. */
  async #fill(): Promise<boolean> {
    if (this.#from > 0) {
      this.#buffer.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    const count = await this.#receive(this.#buffer.subarray(this.#to));
    this.#to += count;
    return count > 0;
  }

  async #receive(target: Uint8Array): Promise<number> {
    return await this.#connection.read(target) ?? 0;
  }
}

/** The line that ends with the line feed at `end`. */
function lineOf(bytes: Uint8Array, from: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(from, end > from && bytes[end - 1] === CR ? end - 1 : end));
}

function chunkSize(line: string): number {
  const size = /^([0-9a-f]{1,12})\s*(;|$)/i.exec(line);
  if (!size) throw new TypeError("A response has a chunk without a size");
  return parseInt(size[1], 16);
}
