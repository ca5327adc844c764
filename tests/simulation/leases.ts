import type { Rests } from "../../src/dispatcher/core/rests.ts";
import type { StateView } from "../../src/dispatcher/core/state.ts";
import type { DeepReadonly } from "../../src/dispatcher/core/deep_readonly.ts";

/** An index range of one pass over one source, and who has it. */
interface Held {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** A sentence for each index that two have leased, or one while it still waits for whoever comes next. */
export function doubleLeases(state: StateView): string[] {
  const faults: string[] = [];
  for (const iteration of state.iterations.values()) {
    iteration.sources.forEach((source, index) => {
      const holders: [string, DeepReadonly<Rests> | undefined][] = [["whoever comes next", source.pending]];
      for (const id of iteration.tasks) {
        holders.push([`task ${id}`, state.tasks.get(id)?.leases[index]?.rests]);
      }
      for (const [id, { rests }] of iteration.recovery?.lost ?? []) {
        holders.push([`lost task ${id}`, rests[index]]);
      }
      const passes = new Map<number, Held[]>([
        [source.repetition, [{ start: source.next, end: Infinity, by: "nobody yet" }]],
      ]);
      for (const [by, rests] of holders) {
        for (const [repetition, { indexes }] of rests ?? []) {
          const held = passes.get(repetition) ?? [];
          passes.set(repetition, held);
          for (let i = 0; i < indexes.length; i += 2) {
            held.push({ start: indexes[i], end: indexes[i + 1], by });
          }
        }
      }
      for (const [repetition, held] of passes) {
        held.sort((a, b) => a.start - b.start);
        for (let i = 1; i < held.length; i++) {
          if (held[i].start >= held[i - 1].end) continue;
          faults.push(
            `index ${held[i].start} of source ${index}, pass ${repetition}, is ${held[i - 1].by}'s and ${
              held[i].by
            }'s`,
          );
        }
      }
    });
  }
  return faults;
}
