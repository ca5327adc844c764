/** Checkpoints of pipelines whose operators behind `distribute()` hold, count, drop and reorder elements. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Checkpoint, Dataset, ShardingPolicy } from "../../mod.ts";
import {
  COUNTING,
  countsOf,
  GROUPING,
  KEEPING,
  type Nested,
  SIFTING,
  type Step,
} from "../support/behind_distribute.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";

const COUNT = 40;

function read(cluster: Cluster, steps: readonly Step[]): Dataset<Nested> {
  const dataset = Dataset.range(COUNT).shuffle(9)
    .apply(cluster.distribute({ processingMode: ShardingPolicy.DYNAMIC })) as Dataset<Nested>;
  return steps.reduce((below, { apply }) => apply(below), dataset);
}

/** Reads in parts, each on the next of the services, by way of a checkpoint that has been text. */
async function readInParts(
  clusters: readonly Cluster[],
  steps: readonly Step[],
  parts: readonly number[],
): Promise<Nested[]> {
  const given: Nested[] = [];
  let checkpoint: Checkpoint | undefined;
  for (const [i, count] of [...parts, Infinity].entries()) {
    const dataset = read(clusters[i % clusters.length], steps);
    const reader = dataset.reader({ ...(checkpoint && { checkpoint }) });
    for (let next = 0; next < count; next++) {
      const { done, value } = await reader.next();
      if (done) break;
      given.push(value);
    }
    checkpoint = JSON.parse(JSON.stringify(await reader.checkpoint())) as Checkpoint;
    await reader.next(); // Behind the checkpoint: given again.
    await reader.return();
  }
  const last = read(clusters[0], steps).reader({ checkpoint: checkpoint! });
  assertEquals(await last.next(), { done: true, value: undefined }, "nothing is left at the end");
  return given;
}

Deno.test("whatever stands behind `distribute`, the rest is exactly what was not taken", async () => {
  await using first = await startCluster({ workers: 2 });
  await using second = await startCluster({ workers: 1 });
  const steps = fc.tuple(
    fc.array(SIFTING, { maxLength: 1 }),
    fc.array(fc.oneof({ weight: 8, arbitrary: KEEPING }, GROUPING), { maxLength: 4 }),
  );
  const parts = fc.array(fc.nat(12), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, parts, async ([sifting, keeping], parts) => {
      const all = [...sifting, ...keeping];
      const whole = await read(first, all).toArray();
      const given = await readInParts([first, second], all, parts);
      assertEquals(countsOf(given), countsOf(whole), all.map(({ name }) => name).join(", "));
    }),
    { numRuns: 20 },
  );
});

Deno.test("operators that count behind `distribute` give as many as they would have, and nothing twice", async () => {
  await using first = await startCluster({ workers: 1 });
  await using second = await startCluster({ workers: 2 });
  const steps = fc.tuple(
    fc.tuple(fc.array(SIFTING, { maxLength: 1 }), fc.array(KEEPING, { maxLength: 1 })).map((all) =>
      all.flat()
    ),
    fc.array(COUNTING, { minLength: 1, maxLength: 2 }),
    fc.array(KEEPING, { maxLength: 2 }),
  );
  const parts = fc.array(fc.nat(9), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(steps, parts, async ([before, counting, behind], parts) => {
      const all = [...before, ...counting, ...behind];
      const names = all.map(({ name }) => name).join(", ");
      const most = countsOf(await read(first, [...before, ...behind]).toArray());
      const whole = await read(first, all).toArray();
      const given = await readInParts([first, second], all, parts);
      assertEquals(given.length, whole.length, names);
      for (const [leaf, times] of countsOf(given)) {
        if (leaf < 5_000) assert(times <= (most.get(leaf) ?? 0), `${leaf} comes ${times} times: ${names}`);
      }
    }),
    { numRuns: 20 },
  );
});
