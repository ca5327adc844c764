import { BufferChurn } from "../../base/mod.ts";
import {
  BlockEncoder,
  byteSize,
  type Element,
  type EncodedBlock,
  encodeValue,
  type Ledger,
  ProvenanceWriter,
} from "../../element/mod.ts";

/** A block of elements, ready to be sent to whichever reader gets it. */
export interface Block {
  readonly encoding: EncodedBlock["encoding"];
  /** How many elements it holds; at least 1. */
  readonly count: number;
  /** The encoded spec of its elements, or null where they describe themselves. One object as long as the spec stays. */
  readonly spec: Uint8Array<ArrayBuffer> | null;
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  readonly byteLength: number;
  /** What each of its elements consumed, encoded; null where nobody asks. */
  readonly provenance: Uint8Array<ArrayBuffer> | null;
}

/** How large blocks become. */
export interface BlockPackerOptions {
  /** A block is full when it has this many bytes. @default 262_144 */
  targetBytes?: number;
  /** A block of elements of 64 KiB and more is full when it has this many. @default 1_048_576, or `targetBytes` if given */
  largeTargetBytes?: number;
  /**
   * The engine was not told to let large elements come and go: it is brought to free them in time. @default false
   */
  smallHeap?: boolean | undefined;
  /** Holds what an element consumed when it is added. @default nobody asks */
  ledger?: Ledger | undefined;
}

// Elements of a constant or a bit take next to no bytes: without this bound a block of them would never be full.
const MAX_ELEMENTS = 65_536;

const TARGET_BYTES = 256 * 1024;

// Elements of this size are sent out of their own memory. Copying them would cost more than a block does, but each
// block also costs some wake-ups, reads and objects on both sides: several 150 KB images share them.
const LARGE_BYTES = 64 * 1024;
const LARGE_TARGET_BYTES = 1024 * 1024;

/** Packs elements into blocks by their size. */
export class BlockPacker {
  readonly #targetBytes: number;
  readonly #largeTargetBytes: number;
  readonly #provenance: ProvenanceWriter | null;
  readonly #churn: BufferChurn | null;
  #encoder = new BlockEncoder();
  /** Whether the elements of the block in the making are large; all are or none is. */
  #large = false;
  #spec: Uint8Array<ArrayBuffer> | null = null;
  #ready: Block[] = [];

  /** Makes an empty packer. */
  constructor({ targetBytes, largeTargetBytes, smallHeap = false, ledger }: BlockPackerOptions = {}) {
    this.#targetBytes = targetBytes ?? TARGET_BYTES;
    this.#largeTargetBytes = largeTargetBytes ?? targetBytes ?? LARGE_TARGET_BYTES;
    this.#churn = smallHeap ? new BufferChurn() : null;
    this.#provenance = ledger ? new ProvenanceWriter(ledger) : null;
  }

  /** Whether {@linkcode BlockPacker.finish} would give nothing. */
  get isEmpty(): boolean {
    return this.#encoder.count === 0 && this.#ready.length === 0;
  }

  /** How many elements the block in the making has. */
  get count(): number {
    return this.#encoder.count;
  }

  /**
   * Adds an element; says whether it is time to finish.
   *
   * @throws {InvalidArgumentError} if the value is no element; the packer holds the same as before
   */
  add(element: Element): boolean {
    const encoder = this.#encoder;
    const large = isLarge(element);
    if (large !== this.#large && encoder.count > 0) this.#ready.push(this.#finishBlock());
    this.#large = large;
    encoder.add(element);
    this.#provenance?.mark();
    return this.#ready.length > 0 || encoder.count >= MAX_ELEMENTS ||
      encoder.bytes >= (large ? this.#largeTargetBytes : this.#targetBytes);
  }

  /** The blocks of everything that was added: none, one, or two where the last element is large and those before it are not. */
  finish(): Block[] {
    if (this.#encoder.count > 0) this.#ready.push(this.#finishBlock());
    return this.#ready.splice(0);
  }

  #finishBlock(): Block {
    const { encoding, count, spec, chunks, byteLength } = this.#encoder.finish();
    if (this.#large) this.#churn?.made(byteLength);
    if (spec) this.#spec = encodeValue(spec);
    return {
      encoding,
      count,
      spec: encoding === "columnar" ? this.#spec : null,
      chunks,
      byteLength,
      provenance: this.#provenance && this.#provenance.finish(),
    };
  }
}

function isLarge(element: Element): boolean {
  if (typeof element === "string") return element.length >= LARGE_BYTES;
  return typeof element === "object" && element !== null && byteSize(element) >= LARGE_BYTES;
}
