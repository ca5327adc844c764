import { type MaybePromise, then } from "../../base/mod.ts";
import type { Codec, CodecName, CodecSet } from "../../element/mod.ts";
import type { Block } from "./block_packer.ts";

/** What decides how the blocks of a stream are compressed. */
export interface StreamCompressorOptions {
  /** The codecs of this worker. */
  codecs: CodecSet;
  /** The codecs that the reader can undo. */
  accepted: readonly CodecName[];
  /** The compression that is wished. */
  wish: CodecName | "AUTO";
  /** Whether the reader is on this host. */
  loopback: boolean;
}

/** A block's bytes as they are sent. */
export interface CompressedPayload {
  readonly compression: CodecName;
  readonly payload: readonly Uint8Array<ArrayBuffer>[];
}

// Below this size a block says nothing about how its data compress, and there is next to nothing to gain.
const MIN_BYTES = 1024;

// AUTO compresses on only if the first block shrank at least to this part: time is worth more than a few bytes.
const WORTHWHILE_RATIO = 0.9;

/**
 * Compresses the blocks of one stream, each on its way out: blocks are kept as they are, because nobody knows
 * which reader gets them should this one leave.
 */
export class StreamCompressor {
  readonly #automatic: boolean;
  #codec: Codec | null;
  #tried = false;
  #used: CodecName | null = null;

  /** Chooses the codec: the one that is wished where both sides have it, else none. */
  constructor({ codecs, accepted, wish, loopback }: StreamCompressorOptions) {
    this.#automatic = wish === "AUTO";
    // zstd is the one codec that keeps up with a network; over loopback nothing does.
    const name = wish !== "AUTO" ? wish : loopback ? "NONE" : "ZSTD";
    const codec = name !== "NONE" && accepted.includes(name) ? codecs.get(name) : undefined;
    this.#codec = codec?.canCompress ? codec : null;
  }

  /** The codec of the latest block that was large enough to tell, else "NONE"; null: no block has been sent. */
  get used(): CodecName | null {
    return this.#used;
  }

  /** The block's bytes; uncompressed where compressing does not make them fewer. */
  compress({ chunks, byteLength }: Block): MaybePromise<CompressedPayload> {
    const codec = this.#codec;
    const plain: CompressedPayload = { compression: "NONE", payload: chunks };
    this.#used ??= "NONE";
    if (!codec || byteLength < MIN_BYTES) return plain;
    return then(codec.compress([...chunks]), (compressed) => {
      if (this.#automatic && !this.#tried && compressed.byteLength > byteLength * WORTHWHILE_RATIO) {
        this.#codec = null;
      }
      this.#tried = true;
      this.#used = compressed.byteLength < byteLength && this.#codec ? codec.name : "NONE";
      if (compressed.byteLength >= byteLength) return plain;
      return { compression: codec.name, payload: [compressed as Uint8Array<ArrayBuffer>] };
    });
  }
}
