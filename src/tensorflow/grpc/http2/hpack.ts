/** Header blocks (HPACK, RFC 7541): all of reading, and of writing what needs no memory between blocks. */

import { DataLossError, ResourceExhaustedError } from "../../../base/mod.ts";
import { decodeHuffman } from "./huffman.ts";

type Header = readonly [name: string, value: string];

/** The headers that have numbers from the start, from 1. */
const STATIC: readonly Header[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  ...["200", "204", "206", "304", "400", "404", "500"].map((status): Header => [":status", status]),
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ...[
    "accept-language",
    "accept-ranges",
    "accept",
    "access-control-allow-origin",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "server",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
  ].map((name): Header => [name, ""]),
];

/** What a remembered header counts beside its name and value. */
const OVERHEAD = 32;

/** How much the sender may let us remember: what HTTP/2 grants where nothing else is said. */
const TABLE_BYTES = 4_096;

/** Most that one block may unfold to; a small block may name a large header often. */
const MAX_LIST_BYTES = 65_536;

/** Reads the header blocks of one connection, in order. */
export class HeaderReader {
  /** The headers that were numbered on the way, the latest first. */
  readonly #table: Header[] = [];
  #tableBytes = 0;
  #limit = TABLE_BYTES;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;

  /**
   * The headers of a block; of those that occur twice the last one.
   *
   * @throws {DataLossError} for bytes that are no block, after which no further block can be read
   * @throws {ResourceExhaustedError} for a block that unfolds to too much; the same holds then
   */
  read(block: Uint8Array): Map<string, string> {
    this.#bytes = block;
    this.#at = 0;
    const headers = new Map<string, string>();
    let size = 0;
    while (this.#at < block.length) {
      const header = this.#field();
      if (!header) continue;
      size += sizeOf(header);
      if (size > MAX_LIST_BYTES) throw new ResourceExhaustedError("A call has more headers than are taken");
      headers.set(header[0], header[1]);
    }
    return headers;
  }

  #field(): Header | undefined {
    const byte = this.#bytes[this.#at];
    if (byte & 0x80) return this.#numbered(this.#integer(7));
    if (byte & 0x40) {
      const header = this.#literal(6);
      this.#remember(header);
      return header;
    }
    if (byte & 0x20) {
      const limit = this.#integer(5);
      if (limit > TABLE_BYTES) throw new DataLossError(`A header table of ${limit} bytes is over the limit`);
      this.#limit = limit;
      this.#evict();
      return undefined;
    }
    return this.#literal(4);
  }

  #literal(bits: number): Header {
    const index = this.#integer(bits);
    const name = index === 0 ? this.#string() : this.#numbered(index)[0];
    return [name, this.#string()];
  }

  #numbered(index: number): Header {
    const header = index <= STATIC.length ? STATIC[index - 1] : this.#table[index - STATIC.length - 1];
    if (!header) throw new DataLossError(`There is no header with number ${index}`);
    return header;
  }

  #remember(header: Header): void {
    this.#table.unshift(header);
    this.#tableBytes += sizeOf(header);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#limit) this.#tableBytes -= sizeOf(this.#table.pop()!);
  }

  #integer(bits: number): number {
    const full = 2 ** bits - 1;
    let value = this.#byte() & full;
    if (value < full) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new DataLossError("A number in a header is too large");
  }

  #string(): string {
    const isHuffman = (this.#bytes[this.#at] & 0x80) !== 0;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DataLossError("A header ends within a text");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return isHuffman ? decodeHuffman(bytes) : String.fromCharCode(...bytes);
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new DataLossError("A header ends within a number");
    return this.#bytes[this.#at++];
  }
}

function sizeOf([name, value]: Header): number {
  return name.length + value.length + OVERHEAD;
}

/** A block that no reader has to remember anything of. Names and values are of ASCII. */
export function writeHeaders(headers: readonly Header[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of headers) {
    bytes.push(0);
    writeText(bytes, name);
    writeText(bytes, value);
  }
  return new Uint8Array(bytes);
}

function writeText(bytes: number[], text: string): void {
  if (text.length < 127) bytes.push(text.length);
  else {
    bytes.push(127);
    let rest = text.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i) & 0xff);
}
