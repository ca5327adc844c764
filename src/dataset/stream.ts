import type { DatasetReader } from "./reader.ts";

/**
 * A stream of what a reader gives. It asks for an element only when its own reader waits for one; cancelling it,
 * or leaving a loop over it, ends the reader and waits for that.
 */
export function toReadableStream<T>(reader: DatasetReader<T>): ReadableStream<T> {
  return new ReadableStream<T>({
    async pull(controller) {
      const result = await reader.next();
      if (result.done) controller.close();
      else controller.enqueue(result.value);
    },
    async cancel() {
      await reader.return();
    },
  }, { highWaterMark: 0 });
}
