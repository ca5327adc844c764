import { joinBytes } from "../../base/mod.ts";
import {
  type BlockReader,
  checkSpec,
  decodeBlock,
  decodeValue,
  type ElementSpec,
} from "../../element/mod.ts";
import type { WireBatch } from "../../rpc/mod.ts";

/** Opens the blocks of one stream for a reader in the worker's own process, which are not compressed. */
export class BlockOpener {
  #spec: ElementSpec | null = null;

  /**
   * The elements of a batch, without those that its reader is to leave out. Typed arrays and tensors are views of the
   * pipeline's own memory where they can be: nobody may write into them.
   */
  open({ encoding, count, spec, payload, skipCount = 0 }: WireBatch): BlockReader {
    if (spec) this.#spec = checkSpec(decodeValue(spec));
    const bytes = payload.length === 1 ? payload[0] : joinBytes(payload);
    const block = decodeBlock(bytes, { encoding, count, spec: this.#spec, maxBytes: Infinity });
    return { count: count - skipCount, get: (index) => block.get(index + skipCount) };
  }
}
