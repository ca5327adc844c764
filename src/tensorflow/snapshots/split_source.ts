import type { SplitCount } from "./core/splits.ts";

/** What the splits of a dataset's source are. */
export interface SplitSource extends SplitCount {
  /** A split as an encoded tensor. The same index gives the same split, however often. */
  split(index: number): Uint8Array;
  /** Where more splits may come: looks for them, and resolves once there are some or there will be none. */
  grow?(signal: AbortSignal): Promise<void>;
  /** Where more splits may come: puts the first of them into the order in which an earlier process gave them out. */
  restore?(splits: readonly Uint8Array[]): void;
}
