import type { Clock, Log, Random } from "../base/mod.ts";
import type { CodecSet } from "../element/mod.ts";
import type { OpenStream } from "../rpc/mod.ts";

/** What a client needs from outside to talk to a dispatcher. */
export interface ServiceEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Bundles the local module at a `file:` URL; without it such modules cannot be registered. */
  readonly bundle?: (url: string) => Promise<{ readonly hash: string; readonly code: string }>;
  /** Code of modules that came with a graph, by their hash: parts of that graph can be registered on. */
  readonly modules?: ReadonlyMap<string, string>;
}

/** What a reader needs besides. */
export interface ReaderEnvironment extends ServiceEnvironment {
  /** Undo the compression of blocks. */
  readonly codecs: CodecSet;
  /** Opens streams of elements where it can do so better than `fetch`; it alone reaches unix sockets. */
  readonly openStream?: OpenStream;
}
