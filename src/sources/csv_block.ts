import { messageOf } from "../base/mod.ts";
import type { CsvParse } from "./csv_parser.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Where a record lies in its block. */
export interface RecordPlace {
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset behind its line end. */
  readonly end: number;
  /** How many lines lie before it. */
  readonly lines: number;
}

/** What is wrong, without the place: the library counts lines from the start of the block. */
function problemOf(error: unknown): string {
  switch ((error as { code?: unknown }).code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return "a quote is not closed";
    case "CSV_INVALID_CLOSING_QUOTE":
      return "a quoted field goes on behind its closing quote";
    case "INVALID_OPENING_QUOTE":
      return "a quote stands in the middle of a field";
    default:
      return messageOf(error);
  }
}

/** A run of bytes that holds whole csv records, parsed. */
export class CsvBlock {
  readonly #parse: CsvParse;
  readonly #delimiter: string;
  /** The bytes that were parsed. */
  readonly bytes: Uint8Array;
  /** Fields of the records, those before the first that is no csv. */
  readonly rows: readonly string[][];
  /** What is wrong with the record behind `rows`, or null where the block is sound. */
  readonly failure: string | null;
  /** Whether all bytes are UTF-8. Others became U+FFFD in `rows`. */
  readonly isUtf8: boolean;
  #places: RecordPlace[] | null = null;

  /** Parses a block. */
  constructor(parse: CsvParse, delimiter: string, bytes: Uint8Array) {
    this.#parse = parse;
    this.#delimiter = delimiter;
    this.bytes = bytes;
    this.isUtf8 = decodeUtf8(bytes) !== null;
    try {
      this.rows = this.#run();
      this.failure = null;
    } catch (error) {
      const rows: string[][] = [];
      this.failure = problemOf(error);
      this.#collect((row) => rows.push(row));
      this.rows = rows;
    }
  }

  #run(onRecord?: (row: string[], info: { bytes_records: number }) => string[]): string[][] {
    return this.#parse(this.bytes, {
      delimiter: this.#delimiter,
      record_delimiter: ["\r\n", "\n"],
      skip_empty_lines: true,
      relax_column_count: true,
      // deno-lint-ignore camelcase -- the library's name
      on_record: onRecord,
    });
  }

  /** Calls `take` with each record and its end, up to the first that is no csv. */
  #collect(take: (row: string[], end: number) => void): void {
    try {
      this.#run((row, info) => {
        take(row, info.bytes_records);
        return row;
      });
    } catch {
      // The failure is known already.
    }
  }

  /** Where record `index` lies; with `rows.length`, where the one lies that is no csv. */
  place(index: number): RecordPlace {
    return (this.#places ??= this.#findPlaces())[index];
  }

  #findPlaces(): RecordPlace[] {
    const ends: number[] = [];
    this.#collect((_, end) => ends.push(end));
    let from = 0;
    let lines = 0;
    return [...ends, this.bytes.length].map((end) => {
      const start = this.#skipBlankLines(from);
      lines += countLines(this.bytes.subarray(from, start));
      const place = { start, end, lines };
      lines += countLines(this.bytes.subarray(start, end));
      from = end;
      return place;
    });
  }

  #skipBlankLines(from: number): number {
    let at = from;
    while (this.bytes[at] === 10 || (this.bytes[at] === 13 && this.bytes[at + 1] === 10)) at++;
    return at;
  }
}

/** How many line feeds there are. */
export function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}
