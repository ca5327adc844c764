/** Random pipelines behind `distribute()`, and the dumb twin that says what may come of them. */

import fc from "fast-check";
import { Dataset } from "../../mod.ts";

/** Elements are numbers, pairs and batches of any depth. */
export type Nested = number | readonly Nested[];

/** An operator behind a service. */
export interface Step {
  readonly name: string;
  apply(dataset: Dataset<Nested>): Dataset<Nested>;
}

/** All numbers in an element. */
export function leaves(element: Nested): number[] {
  return typeof element === "number" ? [element] : element.flatMap(leaves);
}

const size = fc.integer({ min: 1, max: 7 });

function step(name: string, apply: (dataset: Dataset<Nested>) => Dataset<unknown>): Step {
  return { name, apply: (dataset) => apply(dataset) as Dataset<Nested> };
}

const beside = (from: number, count: number) => Dataset.range(from, from + count) as Dataset<Nested>;

// Elements of different kinds may stand in one batch.
const asText = (x: Nested) => JSON.stringify(x);
const fromTexts = (texts: unknown) => (texts as string[]).map((text) => JSON.parse(text) as Nested);

/** Operators that let through what they get, in some order: how often each number comes is known. */
export const KEEPING: fc.Arbitrary<Step> = fc.oneof(
  fc.constant(step("map", (d) => d.map((x) => x))),
  fc.constant(step("async map", (d) => d.map((x) => Promise.resolve(x)))),
  size.map((n) => step(`map of ${n}`, (d) => d.map((x) => Promise.resolve(x), { parallel: n }))),
  size.map((n) =>
    step(
      `map of ${n} as ready`,
      (d) => d.map((x) => Promise.resolve(x), { parallel: n, deterministic: false }),
    )
  ),
  size.map((n) => step(`prefetch ${n}`, (d) => d.prefetch(n))),
  size.map((n) => step(`shuffle ${n}`, (d) => d.shuffle(3 * n))),
  size.map((n) => step(`batch ${n}`, (d) => d.map(asText).batch(n).map(fromTexts))),
  size.map((n) => step(`paddedBatch ${n}`, (d) => d.map(asText).paddedBatch(n).map(fromTexts))),
  fc.constant(step("repeat", (d) => d.repeat(2))),
  fc.constant(step("concatenate", (d) => d.concatenate(beside(1_000, 9).shuffle(4)))),
  fc.constant(step("sample", (d) => Dataset.sampleFromDatasets([d, beside(2_000, 9).flatMap((x) => [x])]))),
  fc.constant(step("ignoreErrors", (d) => d.ignoreErrors())),
);

/** As those, but how many elements there are depends on which they are. */
export const GROUPING: fc.Arbitrary<Step> = size.map((n) =>
  step(`buckets of ${n}`, (d) =>
    d.map(asText).bucketBySequenceLength({
      length: (text) => text.length % 2,
      boundaries: [1],
      batchSizes: [n, n + 1],
    }).map(fromTexts))
);

/** Operators that leave elements out by what they are. */
export const SIFTING: fc.Arbitrary<Step> = fc.oneof(
  size.map((n) =>
    step(`filter ${n}`, (d) => d.filter((x, { captures: n }) => x as number % 8 !== n, { captures: n }))
  ),
  fc.constant(step("failing map", (d) =>
    d.map((x) => {
      if (x as number % 5 === 2) throw new Error("two");
      return x;
    }).ignoreErrors())),
);

/** Operators that count: which elements come out is chance, how many is not. */
export const COUNTING: fc.Arbitrary<Step> = fc.oneof(
  size.map((n) => step(`take ${5 * n}`, (d) => d.take(5 * n))),
  size.map((n) => step(`skip ${n}`, (d) => d.skip(n))),
  size.map((n) => step(`shard ${n}`, (d) => d.shard(n, n - 1))),
  fc.constant(step("enumerate", (d) => d.enumerate(5_000))),
  fc.constant(step("zip", (d) => Dataset.zip(d, beside(6_000, 20)))),
  fc.constant(
    step("choose", (d) =>
      Dataset.chooseFromDatasets(
        [d, beside(7_000, 10)],
        Dataset.range(24).map((x) => x % 3 === 0 ? 1 : 0),
      )),
  ),
);

/** How often each number is in a list. */
export function countsOf(elements: readonly Nested[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const leaf of elements.flatMap(leaves)) counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
  return counts;
}
