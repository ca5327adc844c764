/** What a column is: the values that stand at one place of each element of a block. `block.ts` specifies the bytes. */

import type { ByteWriter } from "../byte_writer.ts";
import type { ElementSpec } from "../spec.ts";
import type { Element } from "../types.ts";

/** What {@linkcode ColumnWriter.push} gives for a value that the column cannot hold. */
export const MISMATCH = -1;

/** Gathers the values of a column. */
export interface ColumnWriter {
  /**
   * Adds a value and gives its size in bytes, about. {@linkcode MISMATCH}: it cannot be added, because it is of
   * another kind or no element at all; parts of it may have been, so the caller truncates the column.
   */
  push(value: unknown): number;
  /** Forgets all values but the first `count`. */
  truncate(count: number): void;
  /** The spec of all values so far, those of earlier blocks included. */
  spec(): ElementSpec;
  /** Appends the column's bytes and forgets its values. Nothing is appended where there are none. */
  finish(out: ByteWriter): void;
}

/** Gives the values of a column. */
export interface ColumnReader {
  /** How many there are. */
  readonly count: number;
  /**
   * Value `index`, from 0 to `count - 1`; any other index is the caller's mistake and gives anything.
   *
   * @throws {DataLossError} if its bytes are damaged in a way that only shows here (text, self-describing values)
   */
  get(index: number): Element;
}
