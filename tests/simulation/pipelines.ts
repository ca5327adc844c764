import { Dataset } from "../../src/dataset/mod.ts";
import type { Element } from "../../src/element/mod.ts";

/** A dataset of which dynamic sharding visits each source element exactly once. */
export interface Pipeline {
  readonly name: string;
  readonly dataset: Dataset<Element>;
}

const SIZE = 120;

/** The datasets that are simulated, of about so many elements. */
export const PIPELINES: readonly Pipeline[] = pipelines(SIZE);

const counted = new Map<Pipeline, Promise<ReadonlyMap<number, number>>>();

/** How often each number comes when `pipeline` is read without a service. It is read once. */
export function numbersOf(pipeline: Pipeline): Promise<ReadonlyMap<number, number>> {
  let counting = counted.get(pipeline);
  if (!counting) counted.set(pipeline, counting = count(pipeline));
  return counting;
}

async function count({ dataset }: Pipeline): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for await (const element of dataset) {
    for (const leaf of leaves(element)) counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
  }
  return counts;
}

function pipelines(size: number): Pipeline[] {
  const range = Dataset.range(size);
  return [
    { name: "map", dataset: range.map((x) => x * 2) },
    { name: "filter", dataset: range.filter((x) => x % 3 !== 0) },
    { name: "shuffle", dataset: range.shuffle(16) },
    { name: "batch", dataset: range.batch(7) },
    { name: "flatMap", dataset: range.flatMap((x) => Array.from({ length: x % 4 }, (_, i) => x * 10 + i)) },
    {
      name: "flatMap, shuffle, batch",
      dataset: range.flatMap((x) => [x * 2, x * 2 + 1]).shuffle(9).batch(3),
    },
    { name: "parallel map", dataset: range.map((x) => Promise.resolve(x + 1), { parallel: 4 }) },
    {
      name: "parallel map as ready",
      dataset: range.map((x) => Promise.resolve(x + 1), { parallel: 4, deterministic: false }),
    },
    { name: "prefetch", dataset: range.prefetch(8).map((x) => -x).prefetch(3) },
    {
      name: "interleave",
      dataset: Dataset.range(Math.ceil(size / 5)).interleave(
        (x, { Dataset }) => Dataset.range(x * 5, x * 5 + 5),
        { cycleLength: 3, blockLength: 2 },
      ),
    },
    { name: "repeat", dataset: Dataset.range(Math.ceil(size / 3)).shuffle(5).repeat(3) },
    {
      name: "concatenate",
      dataset: range.concatenate(Dataset.range(size, size * 2)).filter((x) => x % 2 === 1),
    },
    {
      name: "ignoreErrors",
      dataset: range.map((x) => {
        if (x % 5 === 2) throw new Error(`no ${x}`);
        return x;
      }).ignoreErrors(),
    },
  ].map(({ name, dataset }) => ({ name, dataset: dataset as Dataset<Element> }));
}

/** The numbers in an element, batches taken apart. */
export function leaves(element: Element): number[] {
  if (typeof element === "number") return [element];
  if (element instanceof Float64Array) return [...element];
  throw new TypeError(`no simulated pipeline gives ${typeof element}`);
}
