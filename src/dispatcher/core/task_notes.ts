/** What workers note about tasks for the status; nothing is decided by it. */

import type { DeepReadonly } from "./deep_readonly.ts";

/** What a worker noted about a task, or the sum over several. */
export interface TaskNotes {
  /** Elements that `ignoreErrors` left out. */
  leftOut: number;
  /** How many streams were compressed with each codec, by its number in the protocol. */
  streams: [compression: number, count: number][];
}

/** The sum of notes; the streams in the order of the codecs' numbers. */
export function addNotes(all: Iterable<DeepReadonly<TaskNotes> | undefined>): TaskNotes {
  let leftOut = 0;
  const streams = new Map<number, number>();
  for (const notes of all) {
    if (!notes) continue;
    leftOut += notes.leftOut;
    for (const [compression, count] of notes.streams) {
      streams.set(compression, (streams.get(compression) ?? 0) + count);
    }
  }
  return { leftOut, streams: [...streams].sort(([a], [b]) => a - b) };
}
