import type { CodecName } from "../../element/mod.ts";
import type { StreamCompressor } from "./stream_compressor.ts";

/** What a worker notes about a task while it runs, for the dispatcher's status. Plain data: it may cross to another process. */
export interface TaskNotes {
  /** Elements that `ignoreErrors` left out. */
  readonly leftOut: number;
  /** How many streams were compressed with each codec. */
  readonly streams: { readonly [codec in CodecName]?: number };
}

/** Whether there is nothing to say. */
export function isEmptyNotes({ leftOut, streams }: TaskNotes): boolean {
  return leftOut === 0 && Object.keys(streams).length === 0;
}

/** Takes the notes of one task. */
export class TaskNotebook {
  #leftOut = 0;
  #open = new Set<StreamCompressor>();
  readonly #ended: { [codec in CodecName]?: number } = {};

  /** What there is to say now. A stream counts once it has sent a block. */
  get notes(): TaskNotes {
    const streams = { ...this.#ended };
    for (const { used } of this.#open) if (used) streams[used] = (streams[used] ?? 0) + 1;
    return { leftOut: this.#leftOut, streams };
  }

  /** Elements were left out. */
  leftOut(count: number): void {
    this.#leftOut += count;
  }

  /** A stream begins. */
  opened(compressor: StreamCompressor): void {
    this.#open.add(compressor);
  }

  /** A stream has ended. */
  ended(compressor: StreamCompressor): void {
    if (!this.#open.delete(compressor) || !compressor.used) return;
    this.#ended[compressor.used] = (this.#ended[compressor.used] ?? 0) + 1;
  }
}
