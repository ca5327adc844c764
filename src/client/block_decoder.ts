import { FailedPreconditionError, type MaybePromise, then } from "../base/mod.ts";
import {
  type BlockReader,
  checkSpec,
  type CodecSet,
  decodeBlock,
  decodeValue,
  type ElementSpec,
} from "../element/mod.ts";
import type { ReceivedBatch } from "../rpc/mod.ts";

/** Turns the batches of one task into blocks. The spec travels once: later batches go by the one before. */
export class BlockDecoder {
  readonly #codecs: CodecSet;
  #spec: ElementSpec | null = null;

  /** A decoder for a task. */
  constructor(codecs: CodecSet) {
    this.#codecs = codecs;
  }

  /**
   * The block of a batch, at once where nothing is compressed, without the elements that it is to leave out.
   *
   * @throws {DataLossError} if the bytes are damaged
   * @throws {FailedPreconditionError} for a compression that this runtime cannot undo
   */
  decode(batch: ReceivedBatch): MaybePromise<BlockReader> {
    const { encoding, count } = batch;
    if (batch.spec !== null) this.#spec = checkSpec(decodeValue(batch.spec));
    const spec = this.#spec;
    return then(this.#decompress(batch), (payload) => {
      const block = decodeBlock(payload, { encoding, count, spec });
      return batch.skipCount ? without(block, batch.skipCount) : block;
    });
  }

  #decompress({ compression, payload, uncompressedSize }: ReceivedBatch): MaybePromise<Uint8Array> {
    if (compression === "NONE") return payload;
    const codec = this.#codecs.get(compression);
    if (codec) return codec.decompress(payload, uncompressedSize);
    throw new FailedPreconditionError(
      `Cannot decompress a block: it is compressed with ${compression}, this runtime knows ${
        this.#codecs.names.join(", ")
      }`,
    );
  }
}

/** A block without its first `skip` elements. */
function without(block: BlockReader, skip: number): BlockReader {
  return { count: block.count - skip, get: (index) => block.get(index + skip) };
}
