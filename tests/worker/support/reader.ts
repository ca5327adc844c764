import { ConsumedSet, decodeProvenance, type Element } from "../../../src/element/mod.ts";
import { type BatchHeader, fromElementFailure } from "../../../src/rpc/mod.ts";
import { elementsOf } from "./decode.ts";

type Batch = BatchHeader & { readonly payload: Uint8Array | readonly Uint8Array[] };

/** Follows a stream as a reader does: keeps the spec, checks the numbers, decodes what comes. */
export class StreamReader {
  sessionId = "";
  /** The number of the block that it expects. */
  next: number;
  ended = false;
  /** Whether it was told that only others can give something back. */
  draining = false;
  /** What each block held. */
  readonly blocks: Element[][] = [];
  /** What the elements of all blocks consumed, those that were left out not counted. */
  readonly consumed: ConsumedSet = new ConsumedSet();
  #spec: Uint8Array | null = null;
  readonly #batches: AsyncIterator<Batch>;

  constructor(batches: AsyncIterable<Batch>, next = 0) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.next = next;
  }

  get elements(): Element[] {
    return this.blocks.flat();
  }

  /** Reads one batch; says whether there was one. Rejects with an error of the pipeline, and with what the stream ends with. */
  async step(): Promise<boolean> {
    const { done, value } = await this.#batches.next();
    if (done) return false;
    if (value.sessionId) this.sessionId = value.sessionId;
    if (value.sequence !== this.next) throw new Error(`Block ${value.sequence} came for ${this.next}`);
    this.ended ||= value.endOfSequence;
    this.draining ||= value.draining ?? false;
    this.#spec = value.spec ?? this.#spec;
    if (value.error) {
      this.next++;
      throw fromElementFailure(value.error);
    }
    if (value.count === 0) return true;
    this.next++;
    const { provenance, count, skipCount = 0 } = value;
    if (provenance) decodeProvenance(provenance, count).addTo(this.consumed, skipCount, count);
    const pieces = value.payload instanceof Uint8Array ? [value.payload] : value.payload;
    this.blocks.push(elementsOf(pieces, { ...value, spec: this.#spec }).slice(skipCount));
    return true;
  }

  /** Reads until the next block of elements; says whether there was one. */
  async block(): Promise<boolean> {
    const before = this.blocks.length;
    while (await this.step()) {
      if (this.blocks.length > before) return true;
    }
    return false;
  }

  /** Reads to the end of the stream. */
  async toEnd(): Promise<Element[]> {
    while (await this.step());
    return this.elements;
  }

  /** Leaves. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
