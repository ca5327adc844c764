import type { Element } from "../element/mod.ts";
import { BlockCutter, lineScanner, TOO_LONG } from "./block_cutter.ts";
import type { Origin } from "./origin.ts";
import { END, MORE, type RecordDecoder } from "./record_decoder.ts";
import { decodeUtf8, invalidUtf8At, utf8Length } from "./utf8.ts";

/** What a line converter gives for a line that is no record. */
export const SKIP: unique symbol = Symbol("skip");

/** How lines become records. */
export interface LineFormat {
  /**
   * The record of a line without its end, or {@linkcode SKIP}. What it throws is the reason why the line is
   * damaged.
   */
  convert(line: string): Element | typeof SKIP;
  /** Whether a byte order mark at the start of the file is left out. */
  readonly skipsByteOrderMark: boolean;
}

/** Decodes formats of one record a line. Lines end with `\n` or `\r\n`; the last one may lack its end. */
export class LineDecoder implements RecordDecoder {
  readonly #format: LineFormat;
  readonly #origin: Origin;
  readonly #maxRecordBytes: number;
  readonly #cutter: BlockCutter;
  /** Decoded lines that wait, and where the next begins. */
  #text = "";
  #at = 0;
  /** Offset of `#text` in the file, and of the bytes behind it. */
  #textOffset = 0;
  #offset = 0;
  /** A block with bytes that are no UTF-8: decoded line by line, so that only the damaged lines are lost. */
  #suspect: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #line = 0;
  #over = false;

  /** Makes a decoder of one file. */
  constructor(format: LineFormat, origin: Origin, { maxRecordBytes }: { maxRecordBytes: number }) {
    this.#format = format;
    this.#origin = origin;
    this.#maxRecordBytes = maxRecordBytes;
    this.#cutter = new BlockCutter(lineScanner, { maxRecordBytes });
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#cutter.push(chunk);
  }

  end(): void {
    this.#cutter.end();
  }

  next(): Element | typeof MORE | typeof END {
    for (;;) {
      if (this.#at >= this.#text.length) {
        if (this.#over) return END;
        if (!this.#fill()) return this.#cutter.done ? END : MORE;
      }
      const record = this.#nextLine();
      if (record !== SKIP) return record;
    }
  }

  #nextLine(): Element | typeof SKIP {
    const text = this.#text;
    const start = this.#at;
    const feed = text.indexOf("\n", start);
    this.#at = feed < 0 ? text.length : feed + 1;
    this.#line++;
    let end = feed < 0 ? text.length : feed;
    if (feed > start && text.charCodeAt(feed - 1) === 13) end--;
    try {
      return this.#format.convert(text.slice(start, end));
    } catch (error) {
      const at = this.#textOffset + utf8Length(text.slice(0, start));
      throw this.#origin.damaged(`line ${this.#line}`, at, (error as Error).message, error);
    }
  }

  #fill(): boolean {
    const fromSuspect = this.#suspect.length > 0;
    const bytes = fromSuspect ? this.#takeSuspectLine() : this.#cutter.next();
    if (bytes === undefined) return false;
    if (bytes === TOO_LONG) {
      this.#over = true;
      const what = `line ${this.#line + 1}`;
      throw this.#origin.tooLong(what, this.#offset, `over ${this.#maxRecordBytes}`, this.#maxRecordBytes);
    }
    const text = decodeUtf8(bytes);
    if (text === null && !fromSuspect) {
      this.#suspect = bytes;
      return this.#fill();
    }
    const offset = this.#offset;
    this.#offset += bytes.length;
    if (text === null) {
      this.#line++;
      const bad = offset + invalidUtf8At(bytes);
      throw this.#origin.damaged(`line ${this.#line}`, offset, `it is not UTF-8 from byte ${bad} on`);
    }
    this.#text = text;
    this.#textOffset = offset;
    this.#at = offset === 0 && this.#format.skipsByteOrderMark && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return true;
  }

  #takeSuspectLine(): Uint8Array<ArrayBuffer> {
    const end = this.#suspect.indexOf(10) + 1 || this.#suspect.length;
    const line = this.#suspect.subarray(0, end);
    this.#suspect = this.#suspect.subarray(end);
    return line;
  }
}
