/** The segments of a journal as they are written. */

import { encodeFrame } from "./frame.ts";
import { encodeHeader, HEADER_BYTES } from "./file_header.ts";
import type { AppendFile, JournalFiles } from "./journal_files.ts";
import { JOURNAL, segmentName } from "./layout.ts";

/** Where a log goes on. */
export interface LogEnd {
  /** The last segment. */
  readonly number: number;
  /** Where its last whole frame ends; 0: its header is not whole. */
  readonly size: number;
  /** Whether something is to be cut off behind that. */
  readonly isTorn: boolean;
  /** The sequence number of the next frame. */
  readonly next: number;
}

/** Writes frames one by one into segments of bounded size. */
export class FrameLog {
  readonly #files: JournalFiles;
  readonly #segmentBytes: number;
  #file: AppendFile;
  #number: number;
  #size: number;
  #next: number;
  /** Whether the latest frames are not synced. */
  #isBehind = false;

  private constructor(
    files: JournalFiles,
    segmentBytes: number,
    file: AppendFile,
    end: Omit<LogEnd, "isTorn">,
  ) {
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#file = file;
    this.#number = end.number;
    this.#size = end.size;
    this.#next = end.next;
  }

  /**
   * Goes on behind `end`, or begins the first segment. What a former process wrote and nobody synced was replayed:
   * it is durable when this resolves.
   */
  static async open(files: JournalFiles, end: LogEnd | null, segmentBytes: number): Promise<FrameLog> {
    const { number, size, isTorn, next } = end ?? { number: 0, size: 0, isTorn: false, next: 0 };
    const name = segmentName(number);
    if (isTorn) await files.truncate(name, size);
    const file = await files.append(name);
    const log = new FrameLog(files, segmentBytes, file, { number, size, next });
    try {
      if (size === 0) await log.#begin();
      else await file.sync();
      await files.syncDirectory(JOURNAL);
      return log;
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
  }

  /** The sequence number of the next frame. */
  get next(): number {
    return this.#next;
  }

  /**
   * Writes one frame; resolves with its length when it and all before it are durable. Without `sync`: when the operating
   * system has it.
   */
  async write(contents: readonly Uint8Array[], { sync = true } = {}): Promise<number> {
    if (this.#size >= this.#segmentBytes) await this.roll();
    if (!sync) return this.#writeHastily(contents);
    await this.#catchUp();
    const frame = encodeFrame(this.#next, contents);
    await this.#file.write(frame);
    await this.#file.sync();
    return this.#wrote(frame);
  }

  /** Writes one small frame without sync, at once. null: it has to wait for a new segment. */
  writeNow(contents: readonly Uint8Array[]): number | null {
    return this.#size >= this.#segmentBytes ? null : this.#writeHastily(contents);
  }

  #writeHastily(contents: readonly Uint8Array[]): number {
    const frame = encodeFrame(this.#next, contents, this.#isBehind);
    this.#file.writeNow(frame);
    this.#isBehind = true;
    return this.#wrote(frame);
  }

  #wrote({ length }: Uint8Array): number {
    this.#size += length;
    this.#next++;
    return length;
  }

  async #catchUp(): Promise<void> {
    if (this.#isBehind) await this.#file.sync();
    this.#isBehind = false;
  }

  /** Begins a segment; resolves with its number. */
  async roll(): Promise<number> {
    await this.close();
    this.#file = await this.#files.append(segmentName(++this.#number));
    await this.#begin();
    await this.#files.syncDirectory(JOURNAL);
    return this.#number;
  }

  /** Closes the file; what it holds is durable then. */
  async close(): Promise<void> {
    try {
      await this.#catchUp();
    } finally {
      await this.#file.close();
    }
  }

  async #begin(): Promise<void> {
    await this.#file.write(encodeHeader({ kind: "segment", number: this.#number, first: this.#next }));
    await this.#file.sync();
    this.#size = HEADER_BYTES;
  }
}
