/** gRPC's frames: a flag (1: compressed), four bytes of length (big-endian), the message. A unary call has one. */

import { DataLossError, joinBytes, ResourceExhaustedError, SluiceError } from "../../base/mod.ts";

/** Bytes before a message. */
const FRAME_HEADER_BYTES = 5;

/** The frame header of a message of `length` bytes. */
export function frameHeader(length: number): Uint8Array {
  return new Uint8Array([0, length >>> 24, length >>> 16, length >>> 8, length]);
}

/** A message with its header, for one write. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(FRAME_HEADER_BYTES + message.length);
  framed.set(frameHeader(message.length));
  framed.set(message, FRAME_HEADER_BYTES);
  return framed;
}

const NO_BYTES = new Uint8Array();

/** Collects the one message of a stream, chunk by chunk, and takes no byte more than the header announces. */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes of header and message; not known before the header is there. */
  #expected: number | undefined;

  /** Refuses messages of more than `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes a chunk, which must not change afterwards.
   *
   * @throws {ResourceExhaustedError} if the header announces more than the limit
   * @throws {DataLossError} for bytes after the message
   * @throws {SluiceError} "unimplemented" for a compressed message
   */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#expected === undefined && this.#length >= FRAME_HEADER_BYTES) {
      if (this.#chunks.length > 1) this.#chunks = [joinBytes(this.#chunks, this.#length)];
      this.#expected = FRAME_HEADER_BYTES + this.#checkHeader(this.#chunks[0]);
    }
    if (this.#expected !== undefined && this.#length > this.#expected) {
      throw new DataLossError(
        `A call with one message has ${this.#length - this.#expected} bytes after it`,
      );
    }
  }

  #checkHeader(header: Uint8Array): number {
    if (header[0] > 1) throw new DataLossError(`A frame begins with flag ${header[0]}, expected 0 or 1`);
    if (header[0] === 1) {
      throw new SluiceError("Compressed messages are not supported", { code: "unimplemented" });
    }
    const length = new DataView(header.buffer, header.byteOffset).getUint32(1);
    if (length > this.#maxBytes) {
      throw new ResourceExhaustedError(`A message of ${length} bytes is over the limit of ${this.#maxBytes}`);
    }
    return length;
  }

  /** The message, when the stream has ended. @throws {DataLossError} if it is not all there */
  message(): Uint8Array {
    if (this.#expected === undefined) {
      throw new DataLossError(`A call ended after ${this.#length} bytes, within the header of its message`);
    }
    if (this.#length < this.#expected) {
      throw new DataLossError(
        `A call ended after ${this.#length - FRAME_HEADER_BYTES} of ${
          this.#expected - FRAME_HEADER_BYTES
        } bytes of its message`,
      );
    }
    if (this.#length === FRAME_HEADER_BYTES) return NO_BYTES;
    const whole = this.#chunks.length === 1 ? this.#chunks[0] : joinBytes(this.#chunks, this.#length);
    // A plain array: the chunks are of Node's kind, whose `slice` shares memory.
    return new Uint8Array(
      whole.buffer,
      whole.byteOffset + FRAME_HEADER_BYTES,
      whole.length - FRAME_HEADER_BYTES,
    );
  }
}
