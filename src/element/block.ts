/**
 * Blocks: many elements as one payload.
 *
 * A **columnar** block lays out each place of its elements as a column, by the spec that they share. A column is
 * one or more *runs*; each run, also an empty one, begins at a multiple of 8 bytes from the beginning of the payload,
 * after zeros where they are needed. Numbers are little-endian. A column of no values has no runs. The payload ends
 * with its last run.
 *
 * | spec | runs of a column of n values |
 * |---|---|
 * | number | n doubles |
 * | boolean | n bytes, 0 or 1 |
 * | bigint | a byte; if it is 0, n int64; if it is 1, the runs of `any` |
 * | string | n + 1 offsets; the UTF-8 of all strings |
 * | typedArray of length L > 0 | n * L values |
 * | typedArray of length null | n + 1 offsets, counted in values; all values |
 * | tensor of fixed shape, not empty | all values |
 * | tensor with k sizes null | n * k doubles: those sizes of each tensor in turn; all values |
 * | tensor of shape null | n + 1 offsets, counted in sizes; the sizes of all tensors, doubles; all values |
 * | tuple | the runs of each place in turn, as columns of n values |
 * | list | n + 1 offsets, counted in items; the runs of one column of all items |
 * | record | the runs of each field in the order of the spec, as columns of n values |
 * | any | n + 1 offsets, counted in bytes; the self-describing encodings (`value.ts`), one after the other, whose alignment counts from the beginning of this run |
 * | null, empty tuple, empty record, typedArray of length 0, tensor of a shape with 0 | n zeros, so that every count is backed by bytes |
 *
 * *Offsets* are uint32: 0, then where each value ends; they never fall. A tensor column whose shape has both 0 and
 * null has the sizes that are null, and no zeros.
 *
 * A **self-describing** block holds the runs of one column of `any`.
 */

import { DataLossError } from "../base/mod.ts";
import { readColumn } from "./columns/make_column.ts";
import { RunReader } from "./columns/run_reader.ts";
import type { ElementSpec } from "./spec.ts";
import type { Element } from "./types.ts";
import { DEFAULT_MAX_BYTES } from "./value.ts";

/** Gives the elements of a block. */
export interface BlockReader {
  /** How many there are. */
  readonly count: number;
  /**
   * Element `index`, from 0 to `count - 1`; any other index is the caller's mistake and gives anything.
   *
   * @throws {DataLossError} if its bytes are damaged in a way that only shows here (text, self-describing values)
   */
  get(index: number): Element;
}

/** What is known of a block besides its payload. */
export interface BlockHeader {
  /** How the elements are laid out. */
  readonly encoding: "columnar" | "selfDescribing";
  /** How many there are. */
  readonly count: number;
  /** The spec that they share, a checked one; only self-describing blocks go without. */
  readonly spec: ElementSpec | null;
  /** Refuse longer payloads. @default 1 GiB */
  readonly maxBytes?: number;
}

/**
 * Opens a block. Elements are decoded when they are asked for. Typed arrays and tensors are views of `payload` if
 * it begins at a multiple of 8 bytes of its buffer, else of one copy of it.
 *
 * What is allocated is bounded by the length of the payload, whatever its bytes and `count` say.
 *
 * @throws {DataLossError} if payload, spec and count contradict each other, or the payload is over `maxBytes`
 */
export function decodeBlock(payload: Uint8Array, header: BlockHeader): BlockReader {
  const { encoding, count, spec, maxBytes = DEFAULT_MAX_BYTES } = header;
  if (payload.length > maxBytes) {
    throw new DataLossError(`Cannot decode block of ${payload.length} bytes: the limit is ${maxBytes}`);
  }
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new DataLossError(`Cannot decode block of ${count} elements`);
  }
  const runs = new RunReader(payload);
  const column = readColumn(columnSpec(encoding, spec), count, runs);
  if (runs.left !== 0) throw runs.fail(`${runs.left} bytes follow its ${count} elements`);
  return column;
}

function columnSpec(encoding: BlockHeader["encoding"], spec: ElementSpec | null): ElementSpec {
  if (encoding === "selfDescribing") return { kind: "any" };
  if (encoding !== "columnar") {
    throw new DataLossError(`Cannot decode block: encoding "${encoding}" is not known`);
  }
  if (spec === null) {
    throw new DataLossError("Cannot decode columnar block: no element spec was received before it");
  }
  return spec;
}
