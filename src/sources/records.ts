import { assertNever, checkOneOf, type MaybePromise } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { ByteSource } from "./byte_source.ts";
import { type Chunks, openChunks } from "./chunks.ts";
import { type Compression, compressionOf, decompress } from "./compression.ts";
import { CsvDecoder } from "./csv_decoder.ts";
import { loadCsvParser } from "./csv_parser.ts";
import {
  completeCsvOptions,
  completeFormatOptions,
  type CsvOptions,
  type FormatOptions,
  RECORD_FORMATS,
  type RecordFormat,
} from "./format_options.ts";
import { jsonlFormat } from "./jsonl.ts";
import { LineDecoder } from "./line_decoder.ts";
import { Origin } from "./origin.ts";
import { END, MORE, type RecordDecoder } from "./record_decoder.ts";
import { textLinesFormat } from "./text_lines.ts";
import { TfrecordDecoder } from "./tfrecord.ts";

/** Reads the records of one file, one after the other. */
export interface RecordReader {
  /**
   * The next record, or {@linkcode END} after the last and after `close`. It comes at once where its bytes
   * are there already, and as a promise only where bytes are read; the caller awaits it before the next call.
   * The source is opened by the first call.
   *
   * After an error the next call goes on behind the damaged record; where that cannot be found it gives
   * `END`.
   */
  next(): MaybePromise<Element | typeof END>;
  /** Cancels the source and drops what is buffered. Idempotent; a `next` that waits then gives `END`. */
  close(): Promise<void>;
}

/**
 * Reads records out of a source.
 *
 * - `textLines`: each line as a string. Lines end with `\n` or `\r\n`; the last may lack its end.
 * - `jsonl`: each line as the JSON value on it; blank lines are skipped.
 * - `csv`: each record as `{ name: field }`, by the names on the first line; with `header: false` and no
 * `columns`   as an array of fields. Fields are strings, those that `types` names are converted. Blank lines
 * are skipped.
 * - `tfrecord`: the data of each record as a `Uint8Array`. It may be a view over a chunk of the file that
 * other   records lie in too: whoever changes it or gives away its buffer copies it first.
 *
 * @param source where the bytes come from; its name is in every error
 * @param format the record format
 * @param options options of the format, see `FormatOptions` and `CsvOptions`
 * @param signal ends reading: a `next` that waits rejects with its reason
 * @throws {InvalidArgumentError} for bad options. `next` throws {@linkcode NotFoundError} and
 * {@linkcode UnavailableError} as the source does, {@linkcode DataLossError} with name and offset for damaged
 * bytes, {@linkcode ResourceExhaustedError} for a record longer than `maxRecordBytes`
 */
export function readRecords(
  source: ByteSource,
  format: RecordFormat,
  options: { readonly [key: string]: Element } = {},
  signal?: AbortSignal,
): RecordReader {
  checkOneOf("format", format, RECORD_FORMATS);
  const complete = format === "csv" ? completeCsvOptions(options) : completeFormatOptions(options);
  const compression = compressionOf(source.name, complete.compression);
  const origin = new Origin(source.name, compression !== "none");
  return new StreamRecordReader({
    source,
    compression,
    loadDecoder: () => decoderOf(format, origin, complete),
    signal,
  });
}

function decoderOf(
  format: RecordFormat,
  origin: Origin,
  options: CsvOptions | FormatOptions,
): MaybePromise<RecordDecoder> {
  switch (format) {
    case "textLines":
      return new LineDecoder(textLinesFormat, origin, options);
    case "jsonl":
      return new LineDecoder(jsonlFormat, origin, options);
    case "tfrecord":
      return new TfrecordDecoder(origin, options);
    case "csv":
      return loadCsvParser().then((parse) => new CsvDecoder(parse, options as CsvOptions, origin));
    default:
      return assertNever(format);
  }
}

interface Parts {
  source: ByteSource;
  compression: Compression;
  loadDecoder: () => MaybePromise<RecordDecoder>;
  signal: AbortSignal | undefined;
}

/** Pulls chunks out of a source into a decoder. */
class StreamRecordReader implements RecordReader {
  readonly #parts: Parts;
  readonly #closed = new AbortController();
  #decoder: RecordDecoder | null = null;
  #chunks: Chunks | null = null;
  #over = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  next(): MaybePromise<Element | typeof END> {
    if (this.#over) return END;
    if (this.#decoder === null) return this.#begin();
    const record = this.#decoder.next();
    if (record === MORE) return this.#fill(this.#decoder);
    if (record === END) void this.close();
    return record;
  }

  async #begin(): Promise<Element | typeof END> {
    try {
      this.#chunks = await this.#open();
      this.#decoder = await this.#parts.loadDecoder();
    } catch (error) {
      return await this.#fail(error);
    }
    // Closed while it was being opened: `close` had nothing to cancel yet.
    if (this.#over) await this.#chunks.cancel();
    return await this.#fill(this.#decoder);
  }

  async #open(): Promise<Chunks> {
    const { source, compression, signal } = this.#parts;
    const signals = signal ? [this.#closed.signal, signal] : [this.#closed.signal];
    const chunks = await openChunks(source, AbortSignal.any(signals));
    return decompress(chunks, compression, source.name);
  }

  async #fill(decoder: RecordDecoder): Promise<Element | typeof END> {
    for (;;) {
      let chunk: Uint8Array<ArrayBuffer> | null;
      try {
        chunk = await this.#chunks!.next();
      } catch (error) {
        return await this.#fail(error);
      }
      if (this.#over) return END;
      if (chunk === null) decoder.end();
      else decoder.push(chunk);
      const record = decoder.next();
      if (record === END) await this.close();
      if (record !== MORE) return record;
    }
  }

  /** Ends reading: with the error, or silently where it only says that the reader was closed. */
  async #fail(error: unknown): Promise<typeof END> {
    if (this.#over) return END;
    await this.close();
    throw error;
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#closed.abort();
    await this.#chunks?.cancel();
  }
}
