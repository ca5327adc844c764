import { BlockEncoder, byteSize, type Element, type EncodedBlock, encodeValue } from "../../element/mod.ts";

/** A block of elements, ready to be sent to whichever reader gets it. */
export interface Block {
  readonly encoding: EncodedBlock["encoding"];
  /** How many elements it holds; at least 1. */
  readonly count: number;
  /** The encoded spec of its elements, or null where they describe themselves. One object as long as the spec stays. */
  readonly spec: Uint8Array<ArrayBuffer> | null;
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  readonly byteLength: number;
}

/** How large blocks become. */
export interface BlockPackerOptions {
  /** A block is full when it has this many bytes. @default 262_144 */
  targetBytes?: number;
}

// Elements of a constant or a bit take next to no bytes: without this bound a block of them would never be full.
const MAX_ELEMENTS = 65_536;

// An element of this size pays for a block of its own, and then its bytes need not be copied next to others.
const ALONE_BYTES = 64 * 1024;

/** Packs elements into blocks by their size. */
export class BlockPacker {
  readonly #targetBytes: number;
  #encoder = new BlockEncoder();
  #spec: Uint8Array<ArrayBuffer> | null = null;
  #ready: Block[] = [];

  /** Makes an empty packer. */
  constructor({ targetBytes = 256 * 1024 }: BlockPackerOptions = {}) {
    this.#targetBytes = targetBytes;
  }

  /** Whether {@linkcode BlockPacker.finish} would give nothing. */
  get isEmpty(): boolean {
    return this.#encoder.count === 0 && this.#ready.length === 0;
  }

  /**
   * Adds an element; says whether it is time to finish.
   *
   * @throws {InvalidArgumentError} if the value is no element; the packer holds the same as before
   */
  add(element: Element): boolean {
    const encoder = this.#encoder;
    if (isLarge(element)) {
      if (encoder.count > 0) this.#ready.push(this.#finishBlock());
      encoder.add(element);
      return true;
    }
    encoder.add(element);
    return encoder.bytes >= this.#targetBytes || encoder.count >= MAX_ELEMENTS;
  }

  /** The blocks of everything that was added: none, one, or two where the last element stands alone. */
  finish(): Block[] {
    if (this.#encoder.count > 0) this.#ready.push(this.#finishBlock());
    return this.#ready.splice(0);
  }

  #finishBlock(): Block {
    const { encoding, count, spec, chunks, byteLength } = this.#encoder.finish();
    if (spec) this.#spec = encodeValue(spec);
    return { encoding, count, spec: encoding === "columnar" ? this.#spec : null, chunks, byteLength };
  }
}

function isLarge(element: Element): boolean {
  if (typeof element === "string") return element.length >= ALONE_BYTES;
  return typeof element === "object" && element !== null && byteSize(element) >= ALONE_BYTES;
}
