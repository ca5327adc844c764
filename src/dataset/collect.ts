import { isPromise } from "../base/mod.ts";
import type { ExecutionReader } from "./reader.ts";

/** Everything that a reader gives, without a promise for each element where nothing has to wait. */
export async function collect<T>(reader: ExecutionReader<T>): Promise<T[]> {
  const elements: T[] = [];
  while (true) {
    const pulled = reader.pull();
    const result = isPromise(pulled) ? await pulled : pulled;
    if (result.done) return elements;
    elements.push(result.value);
  }
}
