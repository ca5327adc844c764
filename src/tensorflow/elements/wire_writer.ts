/** Protobuf by hand: where an element is written, a library's own copies of it would cost more than all the rest. */

/** Length of a varint, for numbers from 0 to 2^53. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Bytes of this size and more become a chunk of their own; smaller ones are copied, which is cheaper than a write. */
const OWN_CHUNK_BYTES = 8_192;

/** Collects a message of a known length as chunks. */
export class WireWriter {
  readonly #chunks: Uint8Array[] = [];
  #buffer: Uint8Array;
  #begin = 0;
  #end = 0;

  /** Makes a writer for all that is not given to {@linkcode WireWriter.bytes} as a chunk of its own. */
  constructor(length: number) {
    this.#buffer = new Uint8Array(length);
  }

  /** Writes a field's number and wire type. */
  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** Writes a number from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#end++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#end++] = rest;
  }

  /** Writes bytes; large ones are referred to, not copied. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length >= OWN_CHUNK_BYTES) {
      this.#cut();
      this.#chunks.push(bytes);
    } else {
      this.#buffer.set(bytes, this.#end);
      this.#end += bytes.length;
    }
  }

  /** All that was written. */
  finish(): Uint8Array[] {
    this.#cut();
    return this.#chunks;
  }

  #cut(): void {
    if (this.#end > this.#begin) this.#chunks.push(this.#buffer.subarray(this.#begin, this.#end));
    this.#begin = this.#end;
  }

  /** How many of `length` bytes are copied into the writer's own buffer. */
  static copied(length: number): number {
    return length >= OWN_CHUNK_BYTES ? 0 : length;
  }
}
