/** Reads exact numbers of bytes from the body of a response of `fetch`. */

import type { BodyReader } from "./body.ts";

/** Reads a body straight into its buffers where the runtime can. */
export class ByteReader implements BodyReader {
  readonly #byob: ReadableStreamBYOBReader | null;
  readonly #plain: ReadableStreamDefaultReader<Uint8Array> | null;
  #rest: Uint8Array = new Uint8Array();

  /** Takes over `body`. */
  constructor(body: ReadableStream<Uint8Array>) {
    let byob: ReadableStreamBYOBReader | null = null;
    try {
      byob = body.getReader({ mode: "byob" });
    } catch {
      // Not a byte stream here (Bun, in-memory bodies): pieces come as the runtime cuts them.
    }
    this.#byob = byob;
    this.#plain = byob ? null : body.getReader();
  }

  read(length: number, offset = 0): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#byob ? this.#readInto(this.#byob, length, offset) : this.#readPieces(length, offset);
  }

  async #readInto(
    reader: ReadableStreamBYOBReader,
    length: number,
    offset: number,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    let buffer: ArrayBuffer = new ArrayBuffer(offset + length);
    let filled = 0;
    while (filled < length) {
      // `min` saves a turn for each piece; runtimes that do not know it give what they have, hence the loop.
      const view = new Uint8Array(buffer, offset + filled, length - filled);
      const { value, done } = await reader.read(view, { min: length - filled });
      if (value) {
        buffer = value.buffer;
        filled += value.byteLength;
      }
      if (done) break;
    }
    return filled === 0 && length > 0 ? null : new Uint8Array(buffer, offset, filled);
  }

  async #readPieces(length: number, offset: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const buffer = new Uint8Array(offset + length);
    let filled = 0;
    while (filled < length) {
      if (this.#rest.byteLength === 0) {
        const { value, done } = await this.#plain!.read();
        if (done) break;
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, length - filled);
      buffer.set(piece, offset + filled);
      filled += piece.byteLength;
      this.#rest = this.#rest.subarray(piece.byteLength);
    }
    return filled === 0 && length > 0 ? null : buffer.subarray(offset, offset + filled);
  }

  async cancel(): Promise<void> {
    await (this.#byob ?? this.#plain!).cancel();
  }
}
