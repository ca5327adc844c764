/** What a record format is: bytes in, records out, no waiting. */

import type { Element } from "../element/mod.ts";

/** The sign that a reader has no more records. */
export const END: unique symbol = Symbol("end");

/** The sign that a decoder needs more bytes before it can give a record. */
export const MORE: unique symbol = Symbol("more");

/**
 * Turns chunks of bytes into records. It never waits and never reads, so the same decoder runs under a
 * stream, in a test that cuts the bytes anywhere, and in a browser.
 *
 * The caller pushes a chunk only after `next` gave {@linkcode MORE}, and never changes a chunk afterwards:
 * records may be views over it.
 */
export interface RecordDecoder {
  /** Takes the next bytes. */
  push(chunk: Uint8Array<ArrayBuffer>): void;
  /** Says that no more bytes come. */
  end(): void;
  /**
   * The next record, {@linkcode MORE} while it is not complete, {@linkcode END} after the last. What it
   * throws concerns one record: the next call goes on behind it, or gives `END` where the next record cannot
   * be found.
   */
  next(): Element | typeof MORE | typeof END;
}
