/** The chunks of a snapshot as the splits of a source, also while they are being written. */

import type { Clock, DurableFiles } from "../../base/mod.ts";
import { stringTensor } from "../graph/split_source.ts";
import { chunksDirectory } from "./layout.ts";
import { listChunks } from "./list_chunks.ts";
import { rootOf } from "./root_of.ts";
import type { SplitSource } from "./split_source.ts";

/** How long to wait before looking again for chunks; longer each time that there is none, as chunks take seconds. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;

/**
 * Chunks in the order in which they were found. Each is a split, the path of its file; as files of one chunk number
 * may come in any order, what was found first stays first.
 */
export class ChunkSource implements SplitSource {
  readonly #path: string;
  readonly #files: DurableFiles;
  readonly #clock: Clock;
  readonly #splits: Uint8Array[] = [];
  readonly #known = new Set<string>();
  #isFinal = false;
  #growing: Promise<void> | null = null;

  /** Knows no chunk yet. `path` is the snapshot's, as the graph names it. */
  constructor(options: { path: string; files: DurableFiles; clock: Clock }) {
    this.#path = options.path;
    this.#files = options.files;
    this.#clock = options.clock;
  }

  get count(): number {
    return this.#splits.length;
  }

  get isFinal(): boolean {
    return this.#isFinal;
  }

  split(index: number): Uint8Array {
    return this.#splits[index];
  }

  /** Throws the error that ended the writing of the chunks, and NotFoundError if there is no such snapshot. */
  async grow(signal: AbortSignal): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 1.5)) {
      const before = this.count;
      // Those who wait share one look at the disk.
      this.#growing ??= this.#look().finally(() => this.#growing = null);
      await this.#growing;
      if (this.count > before || this.#isFinal) return;
      await this.#clock.sleep(waitMs, { signal });
    }
  }

  restore(splits: readonly Uint8Array[]): void {
    for (const split of splits) this.#add(split);
  }

  async #look(): Promise<void> {
    if (this.#isFinal) return;
    const { names, isFinal } = await listChunks(this.#files, rootOf(this.#path));
    for (const name of names) this.#add(stringTensor(`${chunksDirectory(this.#path)}/${name}`));
    this.#isFinal = isFinal;
  }

  #add(split: Uint8Array): void {
    const key = String(split);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#splits.push(split);
  }
}
