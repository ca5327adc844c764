import { maskedCrc32c } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { Origin } from "./origin.ts";
import { END, MORE, type RecordDecoder } from "./record_decoder.ts";

// A record is: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data; all
// little-endian.
const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/**
 * The data of each record of a TFRecord file, as a view over the chunk that holds it; both checksums are
 * checked.
 */
export class TfrecordDecoder implements RecordDecoder {
  readonly #origin: Origin;
  readonly #maxRecordBytes: number;
  readonly #queue = new ByteQueue();
  /** Length of the record whose header was read, or null before a header. */
  #length: number | null = null;
  #index = 0;
  /** Offset of the record in the file. */
  #offset = 0;
  #ended = false;
  #over = false;

  /** Makes a decoder of one file. */
  constructor(origin: Origin, { maxRecordBytes }: { maxRecordBytes: number }) {
    this.#origin = origin;
    this.#maxRecordBytes = maxRecordBytes;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#queue.push(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  next(): Element | typeof MORE | typeof END {
    if (this.#over) return END;
    if (this.#length === null) {
      const header = this.#queue.take(HEADER_BYTES);
      if (header === null) return this.#wait();
      this.#length = this.#checkHeader(header);
    }
    const length = this.#length;
    const body = this.#queue.take(length + FOOTER_BYTES);
    if (body === null) return this.#wait();
    const data = body.subarray(0, length);
    const stored = uint32At(body, length);
    const computed = maskedCrc32c(data);
    const [index, offset] = [this.#index++, this.#offset];
    this.#offset += HEADER_BYTES + length + FOOTER_BYTES;
    this.#length = null;
    // The length was right, so the next record can be found although this one is lost.
    if (stored !== computed) {
      throw this.#origin.damaged(`record ${index}`, offset, `checksum is ${stored}, computed ${computed}`);
    }
    return data;
  }

  #checkHeader(header: Uint8Array): number {
    const stored = uint32At(header, 8);
    const computed = maskedCrc32c(header.subarray(0, 8));
    const what = `record ${this.#index}`;
    if (stored !== computed) {
      this.#over = true;
      const problem = `checksum of the length is ${stored}, computed ${computed}`;
      throw this.#origin.damaged(what, this.#offset, problem);
    }
    const length = uint32At(header, 4) * 0x1_0000_0000 + uint32At(header, 0);
    if (length > this.#maxRecordBytes) {
      this.#over = true;
      throw this.#origin.tooLong(what, this.#offset, String(length), this.#maxRecordBytes);
    }
    return length;
  }

  #wait(): typeof MORE | typeof END {
    if (!this.#ended) return MORE;
    this.#over = true;
    if (this.#length === null && this.#queue.length === 0) return END;
    const has = (this.#length === null ? 0 : HEADER_BYTES) + this.#queue.length;
    const wants = this.#length === null ? "its header" : HEADER_BYTES + this.#length + FOOTER_BYTES;
    const problem = `the file ends in the middle of it: ${has} bytes are there, ` +
      `${wants} ${typeof wants === "number" ? "belong to it" : `has ${HEADER_BYTES}`}`;
    throw this.#origin.damaged(`record ${this.#index}`, this.#offset, problem);
  }
}

/**
 * The bytes that hold `data` as one record of a TFRecord file: concatenated frames are a file.
 *
 * @param data the record, of any length
 * @returns length, checksum of the length, data, checksum of the data
 */
export function tfrecordFrame(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + data.length + FOOTER_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, data.length % 0x1_0000_0000, true);
  view.setUint32(4, Math.floor(data.length / 0x1_0000_0000), true);
  view.setUint32(8, maskedCrc32c(frame.subarray(0, 8)), true);
  frame.set(data, HEADER_BYTES);
  view.setUint32(HEADER_BYTES + data.length, maskedCrc32c(data), true);
  return frame;
}
