/** The segments of a journal as they are written. */

import { DataLossError } from "../../base/mod.ts";
import { encodeFrame, readFrame } from "./frame.ts";
import { decodeHeader, encodeHeader, HEADER_BYTES } from "./file_header.ts";
import type { AppendFile, JournalFiles } from "./journal_files.ts";
import { JOURNAL, segmentName } from "./layout.ts";
import { writeWhole } from "./write_whole.ts";

/** Where a log goes on. */
export interface LogEnd {
  /** The last segment. */
  readonly number: number;
  /** Where its last whole frame ends; 0: its header is not whole. */
  readonly size: number;
  /** The sequence number of the next frame. */
  readonly next: number;
}

/**
 * Writes frames one by one into segments of bounded size. After a failure it is to be recovered before it is written to.
 */
export class FrameLog {
  readonly #files: JournalFiles;
  readonly #segmentBytes: number;
  /** null: a segment is being begun, or could not be. */
  #file: AppendFile | null = null;
  #number: number;
  /** Bytes of the segment's header and whole frames. */
  #size: number;
  #next: number;
  /** Whether the latest frames are not synced. */
  #isBehind = false;
  /** What went wrong, until it is recovered from. */
  #failure: { readonly error: unknown } | null = null;

  private constructor(files: JournalFiles, segmentBytes: number, end: LogEnd) {
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#number = end.number;
    this.#size = end.size;
    this.#next = end.next;
  }

  /**
   * Goes on behind `end`, or begins the first segment. What a former process wrote and nobody synced was replayed:
   * it is durable when this resolves, and what is behind it is gone.
   */
  static async open(files: JournalFiles, end: LogEnd | null, segmentBytes: number): Promise<FrameLog> {
    const log = new FrameLog(files, segmentBytes, end ?? { number: 0, size: 0, next: 0 });
    // The former process may have ended in the middle of a failure.
    await log.recover();
    return log;
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
    this.#checkSound();
    try {
      await this.#catchUp();
      const frame = encodeFrame(this.#next, contents);
      await this.#file!.write(frame);
      await this.#file!.sync();
      return this.#wrote(frame);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Writes one small frame without sync, at once. null: it has to wait for a new segment. */
  writeNow(contents: readonly Uint8Array[]): number | null {
    return this.#size >= this.#segmentBytes ? null : this.#writeHastily(contents);
  }

  #writeHastily(contents: readonly Uint8Array[]): number {
    this.#checkSound();
    try {
      const frame = encodeFrame(this.#next, contents, this.#isBehind);
      this.#file!.writeNow(frame);
      this.#isBehind = true;
      return this.#wrote(frame);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** What follows a frame that may be there in part would hide behind it. */
  #checkSound(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #fail(error: unknown): unknown {
    this.#failure = { error };
    return error;
  }

  #wrote({ length }: Uint8Array): number {
    this.#size += length;
    this.#next++;
    return length;
  }

  async #catchUp(): Promise<void> {
    if (this.#isBehind) await this.#file!.sync();
    this.#isBehind = false;
  }

  /** Begins a segment; resolves with its number. */
  async roll(): Promise<number> {
    this.#checkSound();
    try {
      await this.close();
      this.#number++;
      this.#size = 0;
      const file = this.#file = await this.#files.append(segmentName(this.#number));
      await file.write(this.#header());
      await file.sync();
      this.#size = HEADER_BYTES;
      await this.#files.syncDirectory(JOURNAL);
      return this.#number;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /**
   * After a failure: makes what it holds durable and goes on behind it. Whatever the failure left of other frames is
   * gone. Resolves when it can be written to; else it can be tried again.
   *
   * The segment is written anew, under another name until it is whole: a crash at any step leaves all that was
   * acknowledged, and what a sync has failed to write once is not trusted to the next one.
   *
   * @throws {DataLossError} if the disk does not give back what was written
   */
  async recover(): Promise<void> {
    const name = segmentName(this.#number);
    await this.#file?.close().catch(() => {});
    this.#file = null;
    const kept = this.#size === 0 ? this.#header() : await this.#read(name);
    await writeWhole(this.#files, name, [kept]);
    this.#file = await this.#files.append(name);
    this.#size = kept.length;
    this.#isBehind = false;
    this.#failure = null;
  }

  /** Closes the file; what it holds is durable then. */
  async close(): Promise<void> {
    const file = this.#file;
    try {
      if (file) await this.#catchUp();
    } finally {
      this.#file = null;
      await file?.close();
    }
  }

  #header(): Uint8Array<ArrayBuffer> {
    return encodeHeader({ kind: "segment", number: this.#number, first: this.#next });
  }

  /** What was written to the segment. */
  async #read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = (await this.#files.read(name)).subarray(0, this.#size);
    const file = this.#files.describe(name);
    let next = decodeHeader(bytes, file, { kind: "segment", number: this.#number });
    let offset = HEADER_BYTES;
    while (offset < bytes.length) {
      const frame = readFrame(bytes, offset);
      if ("problem" in frame || frame.sequence !== next) break;
      next++;
      offset = frame.end;
    }
    if (offset === this.#size && next === this.#next) return bytes;
    throw new DataLossError(
      `Cannot go on in "${file}": what was written is not there from byte ${offset} on`,
    );
  }
}
