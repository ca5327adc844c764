import { mixSeeds, SeededRandom } from "../../base/mod.ts";
import type { SourceInfo } from "../../graph/mod.ts";
import type { SourceDescription } from "../core/updates.ts";

/** What describing sources takes. */
export interface DescribeOptions {
  /** The files that patterns stand for, in order. */
  listFiles(patterns: readonly string[]): Promise<string[]>;
  /** Which pass over the job this is: seeded shuffles differ by it. */
  repetition: number;
  /** What shuffles without a seed of their own go by. */
  seed: number;
}

/** Describes the sources of a new iteration: lists files and puts them in the order in which they will be given out. */
export async function describeSources(
  sources: readonly SourceInfo[],
  options: DescribeOptions,
): Promise<SourceDescription[]> {
  const descriptions: SourceDescription[] = [];
  for (const [i, source] of sources.entries()) {
    if (source.kind === "indexes") {
      descriptions.push({ kind: "indexes", count: source.count });
      continue;
    }
    const names = [...await options.listFiles(source.patterns ?? [])];
    if (source.shuffle) shuffle(names, seedOf(source, i, options));
    descriptions.push({ kind: "files", names });
  }
  return descriptions;
}

/** The seed that a pipeline listing the files itself would use in its first pass, so that both see one order. */
function seedOf({ seed }: SourceInfo, index: number, options: DescribeOptions): number {
  const { repetition } = options;
  return seed === null || seed === undefined
    ? mixSeeds(options.seed, repetition, index)
    : mixSeeds(seed, repetition, 0);
}

function shuffle(names: string[], seed: number): void {
  const random = new SeededRandom(seed);
  for (let last = names.length - 1; last > 0; last--) {
    const index = random.below(last + 1);
    [names[index], names[last]] = [names[last], names[index]];
  }
}
