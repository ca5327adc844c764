import { raceAbort } from "../base/mod.ts";
import type { ByteSource } from "./byte_source.ts";

/** Chunks of bytes, pulled one by one. */
export interface Chunks {
  /** The next chunk, or null after the last. A chunk that was given is never written to again. */
  next(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Releases the source. Idempotent. */
  cancel(): Promise<void>;
}

/** Opens a source and gives its chunks. */
export async function openChunks(source: ByteSource, signal: AbortSignal | undefined): Promise<Chunks> {
  signal?.throwIfAborted();
  const stream = await source.open({ signal });
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await raceAbort(reader.read(), signal);
      return done ? null : value;
    },
    // Whoever leaves early does not care how the source takes it.
    cancel: () => reader.cancel().catch(() => {}),
  };
}
