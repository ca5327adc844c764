/** The splits of one source as files, written before anybody asks, so that giving one out is one renaming. */

import type { DurableFiles } from "../../base/mod.ts";
import type { SplitSource } from "./split_source.ts";
import { tfrecordFrame } from "../../sources/mod.ts";

/** How many splits are written ahead: many at a time cost half as much each. */
const AHEAD = 32;

/** Writes the splits of a source ahead. Files are named by the index, so that every repetition can use them. */
export class PrefetchedSplits {
  readonly #files: DurableFiles;
  readonly #directory: string;
  readonly #source: SplitSource;
  /** Files that are there or being written, by index. */
  readonly #written = new Map<number, Promise<void>>();
  #isMade: Promise<void> | null = null;

  /** Writes into `directory`, which is made when needed. */
  constructor(options: { files: DurableFiles; directory: string; source: SplitSource }) {
    this.#files = options.files;
    this.#directory = options.directory;
    this.#source = options.source;
  }

  /** Gives the file of a split the name `target`, as a whole. */
  async moveTo(index: number, target: string): Promise<void> {
    const last = Math.min(index + AHEAD, this.#source.count - 1);
    for (let at = index; at <= last; at++) if (!this.#written.has(at)) this.#begin(at);
    try {
      await this.#written.get(index);
      await this.#files.rename(this.#file(index), target);
    } finally {
      // Whatever has become of the file, the next who wants this split gets another one.
      this.#written.delete(index);
    }
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#written.values());
  }

  #begin(index: number): void {
    const writing = this.#write(index);
    // It may fail long before anybody wants this split: then it is written again.
    writing.catch(() => this.#written.delete(index));
    this.#written.set(index, writing);
  }

  async #write(index: number): Promise<void> {
    this.#isMade ??= this.#files.makeDirectory(this.#directory).catch((error) => {
      this.#isMade = null;
      throw error;
    });
    await this.#isMade;
    // Not synced, as nothing is that workers write beside it: on a disk that keeps the order of names, a loss of power
    // takes the latest splits together with what was made of them.
    const frame = tfrecordFrame(this.#source.split(index));
    await this.#files.write(this.#file(index), frame, { survives: "crash" });
  }

  #file(index: number): string {
    return `${this.#directory}/split_${index}`;
  }
}
