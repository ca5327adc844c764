import { DONE } from "../executor/mod.ts";
import type { ExecutionReader } from "./reader.ts";

/** Everything that a reader gives, without a promise for each element where nothing has to wait. */
export async function collect<T>(reader: ExecutionReader<T>): Promise<T[]> {
  const elements: T[] = [];
  while (true) {
    const next = reader.pull();
    const pulled = next instanceof Promise ? await next : next;
    if (pulled === DONE) return elements;
    elements.push(pulled);
  }
}
