/** Packs elements into blocks; the layout is in `block.ts`. */

import { InternalError } from "../base/mod.ts";
import { decodeBlock } from "./block.ts";
import { ByteWriter, concatBytes } from "./byte_writer.ts";
import { type ColumnWriter, MISMATCH } from "./columns/column.ts";
import { makeColumn } from "./columns/make_column.ts";
import { inferSpec } from "./infer_spec.ts";
import { specEquals } from "./match_spec.ts";
import { mergeSpecs } from "./merge_specs.ts";
import { refineSpec } from "./refine_spec.ts";
import type { ElementSpec } from "./spec.ts";
import type { Element } from "./types.ts";

/** A block, ready to be sent. */
export interface EncodedBlock {
  /** `selfDescribing` where the elements share no spec at all. */
  readonly encoding: "columnar" | "selfDescribing";
  /** How many elements it holds. */
  readonly count: number;
  /** The spec of its elements, if it differs from that of the encoder's block before (the first always does); else null. */
  readonly spec: ElementSpec | null;
  /** The bytes of the block, in order. Large ones are the elements' own memory. */
  readonly chunks: Uint8Array<ArrayBuffer>[];
  /** How many bytes the chunks hold. */
  readonly byteLength: number;
}

/**
 * Packs elements into one block after the other. It takes the spec from the first element, and widens it when an
 * element comes that does not fit: other lengths and sizes become null, other structures `any`. A spec once
 * widened stays so for the blocks that follow, so that a stream does not send specs to and fro.
 *
 * Typed arrays and tensors below 64 KiB are copied when they are added. Larger ones are not: they must not be
 * changed until the block has been sent.
 */
export class BlockEncoder {
  readonly #known: ElementSpec;
  /** The column of whole elements; null before the first one. */
  #root: ColumnWriter | null = null;
  #sent: ElementSpec | null = null;
  #count = 0;
  #bytes = 0;

  /**
   * Makes an encoder.
   *
   * @param options.spec what is known of the elements; where it says `any`, the first element decides
   */
  constructor(options: { spec?: ElementSpec } = {}) {
    const { spec = { kind: "any" } } = options;
    this.#known = spec;
  }

  /** How many elements the block holds so far. */
  get count(): number {
    return this.#count;
  }

  /** About how many bytes the block takes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds an element.
   *
   * @throws {InvalidArgumentError} if it is none, with its kind and place; the block is as it was before
   */
  add(element: Element): void {
    let size = this.#root === null ? MISMATCH : this.#push(this.#root, element);
    if (size === MISMATCH) size = this.#addOther(element);
    this.#bytes += size;
    this.#count++;
  }

  #push(root: ColumnWriter, element: Element): number {
    let size = MISMATCH;
    try {
      size = root.push(element);
    } finally {
      if (size === MISMATCH) root.truncate(this.#count);
    }
    return size;
  }

  /** Adds an element that does not fit the present column: makes a wider one, with the elements so far. */
  #addOther(element: Element): number {
    const found = inferSpec(element);
    const spec = this.#root === null ? refineSpec(this.#known, found) : mergeSpecs(this.#root.spec(), found);
    const size = this.#push(this.#widen(spec), element);
    if (size !== MISMATCH) return size;
    // Specs end at a depth where elements may go on; there, nothing but `any` is sure to hold the element.
    const last = this.#push(this.#widen({ kind: "any" }), element);
    if (last === MISMATCH) throw new InternalError("Cannot encode an element that changes while it is read");
    return last;
  }

  #widen(spec: ElementSpec): ColumnWriter {
    const wider = makeColumn(spec);
    if (this.#root !== null && this.#count > 0) {
      const former = this.#root.spec();
      const out = new ByteWriter(this.#bytes);
      this.#root.finish(out);
      const block = decodeBlock(concatBytes(out.finish()), {
        encoding: "columnar",
        count: this.#count,
        spec: former,
      });
      this.#bytes = 0;
      for (let i = 0; i < block.count; i++) this.#bytes += wider.push(block.get(i));
    }
    return this.#root = wider;
  }

  /** Gives the block and begins the next one. */
  finish(): EncodedBlock {
    const count = this.#count;
    if (this.#root === null || count === 0) {
      return { encoding: "columnar", count: 0, spec: null, chunks: [], byteLength: 0 };
    }
    const spec = this.#root.spec();
    const out = new ByteWriter(0);
    this.#root.finish(out);
    this.#count = 0;
    this.#bytes = 0;
    const changed = this.#sent === null || !specEquals(this.#sent, spec);
    this.#sent = spec;
    return {
      encoding: spec.kind === "any" ? "selfDescribing" : "columnar",
      count,
      spec: changed ? spec : null,
      chunks: out.finish(),
      byteLength: out.length,
    };
  }
}
