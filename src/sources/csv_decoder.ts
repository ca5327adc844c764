import { messageOf } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { BlockCutter, TOO_LONG } from "./block_cutter.ts";
import { countLines, CsvBlock } from "./csv_block.ts";
import { CsvColumns } from "./csv_columns.ts";
import type { CsvParse } from "./csv_parser.ts";
import { CsvRecordScanner } from "./csv_quotes.ts";
import type { CsvOptions } from "./format_options.ts";
import type { Origin } from "./origin.ts";
import { END, MORE, type RecordDecoder } from "./record_decoder.ts";
import { decodeUtf8, invalidUtf8At } from "./utf8.ts";

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
// Fields are strings of their own, which keep nothing else alive, and each call of the parser costs some 20
// us.
const BLOCK_BYTES = 65_536;

/**
 * Decodes csv: records of fields, quoted where they hold delimiters, quotes or line ends. Blank lines are
 * skipped.
 */
export class CsvDecoder implements RecordDecoder {
  readonly #parse: CsvParse;
  readonly #options: CsvOptions;
  readonly #origin: Origin;
  readonly #cutter: BlockCutter;
  #columns: CsvColumns | null = null;
  #block: CsvBlock | null = null;
  #index = 0;
  /** Offset and number of lines in front of the block, and of what follows it. */
  #blockOffset = 0;
  #blockLine = 0;
  #offset = 0;
  #line = 0;
  #over = false;

  /** Makes a decoder of one file. */
  constructor(parse: CsvParse, options: CsvOptions, origin: Origin) {
    this.#parse = parse;
    this.#options = options;
    this.#origin = origin;
    const { maxRecordBytes } = options;
    this.#cutter = new BlockCutter(new CsvRecordScanner(), { maxRecordBytes, blockBytes: BLOCK_BYTES });
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#cutter.push(chunk);
  }

  end(): void {
    this.#cutter.end();
  }

  next(): Element | typeof MORE | typeof END {
    for (;;) {
      if (this.#over) return END;
      const block = this.#block;
      if (block && this.#index < block.rows.length) {
        const index = this.#index++;
        if (this.#columns === null && this.#options.header) this.#takeHeader(block, index);
        else return this.#element(block, index);
        continue;
      }
      if (block?.failure) {
        // Behind a broken quote nobody can tell where the next record begins.
        this.#over = true;
        throw this.#damaged(block, this.#index, block.failure);
      }
      if (!this.#fill()) return this.#cutter.done ? END : MORE;
    }
  }

  #takeHeader(block: CsvBlock, index: number): void {
    // Nothing can be read behind a header that cannot be.
    this.#over = true;
    if (!block.isUtf8) this.#checkUtf8(block, index);
    try {
      this.#columns = CsvColumns.ofHeader(block.rows[index], this.#options);
    } catch (error) {
      throw this.#damaged(block, index, messageOf(error), error);
    }
    this.#over = false;
  }

  #element(block: CsvBlock, index: number): Element {
    const fields = block.rows[index];
    this.#columns ??= CsvColumns.ofOptions(fields.length, this.#options);
    if (!block.isUtf8) this.#checkUtf8(block, index);
    try {
      return this.#columns.elementOf(fields);
    } catch (error) {
      throw this.#damaged(block, index, messageOf(error), error);
    }
  }

  #checkUtf8(block: CsvBlock, index: number): void {
    const { start, end } = block.place(index);
    const bytes = block.bytes.subarray(start, end);
    if (decodeUtf8(bytes) !== null) return;
    const bad = this.#blockOffset + start + invalidUtf8At(bytes);
    throw this.#damaged(block, index, `it is not UTF-8 from byte ${bad} on`);
  }

  #damaged(block: CsvBlock, index: number, problem: string, cause?: unknown): Error {
    const { start, lines } = block.place(index);
    return this.#origin.damaged(
      `line ${this.#blockLine + lines + 1}`,
      this.#blockOffset + start,
      problem,
      cause,
    );
  }

  #fill(): boolean {
    const bytes = this.#cutter.next();
    if (bytes === undefined) return false;
    if (bytes === TOO_LONG) {
      this.#over = true;
      const { maxRecordBytes } = this.#options;
      throw this.#origin.tooLong(
        `line ${this.#line + 1}`,
        this.#offset,
        `over ${maxRecordBytes}`,
        maxRecordBytes,
      );
    }
    const marked = this.#offset === 0 && BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte);
    const content = marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
    this.#blockOffset = this.#offset + bytes.length - content.length;
    this.#blockLine = this.#line;
    this.#offset += bytes.length;
    this.#line += countLines(bytes);
    this.#block = new CsvBlock(this.#parse, this.#options.delimiter, content);
    this.#index = 0;
    return true;
  }
}
