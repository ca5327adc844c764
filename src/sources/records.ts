import { type MaybePromise } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { ByteSource } from "./byte_source.ts";
import { type Chunks, openChunks } from "./chunks.ts";
import { type Compression, compressionOf, decompress } from "./compression.ts";
import { completeFormatOptions, type RecordFormat } from "./format_options.ts";
import { jsonlFormat } from "./jsonl.ts";
import { LineDecoder } from "./line_decoder.ts";
import { Origin } from "./origin.ts";
import { END, MORE, type RecordDecoder } from "./record_decoder.ts";
import { textLinesFormat } from "./text_lines.ts";
import { TfrecordDecoder } from "./tfrecord.ts";

/** Reads the records of one file, one after the other. */
export interface RecordReader {
  /**
   * The next record, or {@linkcode END} after the last and after `close`. It comes at once where its bytes are
   * there already, and as a promise only where bytes are read; the caller awaits it before the next call. The
   * source is opened by the first call.
   *
   * After an error the next call goes on behind the damaged record; where that cannot be found it gives `END`.
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
 * - `tfrecord`: the data of each record as a `Uint8Array`. It may be a view over a chunk of the file that other
 *   records lie in too: whoever changes it or gives away its buffer copies it first.
 *
 * @param source where the bytes come from; its name is in every error
 * @param format the record format
 * @param options options of the format, see `FormatOptions` and `CsvOptions`
 * @param signal ends reading: a `next` that waits rejects with its reason
 * @throws {InvalidArgumentError} for bad options. `next` throws {@linkcode NotFoundError} and
 * {@linkcode UnavailableError} as the source does, {@linkcode DataLossError} with name and offset for damaged bytes,
 * {@linkcode ResourceExhaustedError} for a record longer than `maxRecordBytes`
 */
export function readRecords(
  source: ByteSource,
  format: RecordFormat,
  options: { readonly [key: string]: Element } = {},
  signal?: AbortSignal,
): RecordReader {
  const { compression: option, maxRecordBytes } = completeFormatOptions(options);
  const compression = compressionOf(source.name, option);
  const origin = new Origin(source.name, compression !== "none");
  const decoder = format === "tfrecord"
    ? new TfrecordDecoder(origin, { maxRecordBytes })
    : new LineDecoder(format === "jsonl" ? jsonlFormat : textLinesFormat, origin, { maxRecordBytes });
  return new StreamRecordReader(source, compression, decoder, signal);
}

/** Pulls chunks out of a source into a decoder. */
class StreamRecordReader implements RecordReader {
  readonly #source: ByteSource;
  readonly #compression: Compression;
  readonly #decoder: RecordDecoder;
  readonly #signal: AbortSignal | undefined;
  readonly #closed = new AbortController();
  #chunks: Chunks | null = null;
  #over = false;

  constructor(
    source: ByteSource,
    compression: Compression,
    decoder: RecordDecoder,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#compression = compression;
    this.#decoder = decoder;
    this.#signal = signal;
  }

  next(): MaybePromise<Element | typeof END> {
    if (this.#over) return END;
    const record = this.#decoder.next();
    if (record === MORE) return this.#fill();
    if (record === END) this.#over = true;
    return record;
  }

  async #fill(): Promise<Element | typeof END> {
    for (;;) {
      const chunk = await this.#read();
      if (this.#over) return END;
      if (chunk === null) this.#decoder.end();
      else this.#decoder.push(chunk);
      const record = this.#decoder.next();
      if (record !== MORE) return record;
    }
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      this.#chunks ??= await this.#open();
      return await this.#chunks.next();
    } catch (error) {
      if (this.#over) return null;
      await this.close();
      throw error;
    }
  }

  async #open(): Promise<Chunks> {
    const signals = [this.#closed.signal, ...(this.#signal ? [this.#signal] : [])];
    const chunks = await openChunks(this.#source, AbortSignal.any(signals));
    return decompress(chunks, this.#compression, this.#source.name);
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#closed.abort();
    await this.#chunks?.cancel();
  }
}
