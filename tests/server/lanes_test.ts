import { assert, assertEquals } from "@std/assert";
import { Dataset } from "../../mod.ts";
import { startCluster } from "../support/cluster.ts";

/** Some milliseconds of work; says whether a lane has done it. */
function work(x: number): [number, boolean] {
  let state = x;
  for (let i = 0; i < 20_000; i++) state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return [state < 0 ? -1 : x, (globalThis as { name?: string }).name === "sluice lane"];
}

// Lanes take their time to start: the datasets go on until one has given something.
const MOST = 1_000_000;

Deno.test("a dynamically sharded task gives elements from a second thread", async () => {
  await using cluster = await startCluster({ worker: { lanes: 2 } });
  const dataset = Dataset.range(MOST).map(work).apply(
    cluster.distribute({ processingMode: "distributed_epoch" }),
  );
  const seen = new Set<number>();
  for await (const [x, inLane] of dataset) {
    assert(!seen.has(x), `${x} came twice`);
    seen.add(x);
    if (inLane) break;
  }
});

Deno.test("a parallel map calls its function on a second thread, and keeps order", async () => {
  await using cluster = await startCluster({ worker: { lanes: 2 } });
  const dataset = Dataset.range(MOST).map(work, { parallel: 2 }).apply(cluster.distribute());
  let next = 0;
  for await (const [x, inLane] of dataset) {
    assertEquals(x, next++);
    if (inLane) break;
  }
});
