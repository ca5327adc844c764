import type { Item } from "../core/session.ts";
import type { Block } from "./block_packer.ts";

/** Where blocks go, and what is known of those who wait for them. */
export interface BlockSink {
  /** Whether to go on: false while a block waits for a reader with room. */
  readonly wantsMore: boolean;
  /** Whether a reader with room has nothing. */
  readonly hungry: boolean;
  /** Takes a block, or an error in its place between blocks. */
  offer(item: Item<Block>): void;
  /** The pipeline has ended. */
  end(): void;
}

/** Where blocks come from: the pipeline in this thread, or in several. */
export interface BlockSource {
  /** The sink may want more, or a reader may have become hungry. The first call sets the source going. */
  poke(): void;
  /** Aborts what the pipeline waits for and frees it; nothing reaches the sink any more. Idempotent. */
  stop(reason: unknown): Promise<void>;
}

/** Makes the source of a sink. */
export type MakeBlockSource = (sink: BlockSink) => BlockSource;
