import { assertEquals } from "@std/assert";
import { Dataset, SHARD_HINT, ShardingPolicy } from "../../mod.ts";
import { startMixedCluster } from "../support/mixed_cluster.ts";
import { copies, sorted } from "../support/numbers.ts";

for (const local of [0, 1, 3]) {
  for (const remote of [0, 1, 3]) {
    if (local + remote === 0) continue;
    Deno.test(`6.16-1 testCluster: ${local} local, ${remote} remote`, async () => {
      await using cluster = await startMixedCluster({ local, remote });
      const dataset = Dataset.range(10).apply(cluster.distribute());
      assertEquals(sorted(await dataset.toArray()), copies(local + remote, 10));
    });
  }
}

Deno.test("6.16-2 testDistributeNonblockingWithStuckWorkers", async () => {
  const dispatcher = {
    deploymentMode: "remote",
    workerAddresses: Array<string>(6).fill("localhost"),
  } as const;
  await using cluster = await startMixedCluster({ local: 0, remote: 6, dispatcher });
  const dataset = Dataset.range(10).shard(SHARD_HINT, SHARD_HINT).map(async (x) => {
    if (x === 0) await new Promise(() => {});
    return x;
  }).repeat().apply(cluster.distribute({ processingMode: ShardingPolicy.HINT, maxOutstandingRequests: 1 }));
  const reader = dataset.reader();
  for (let i = 0; i < 100; i++) {
    const { value, done } = await reader.next();
    assertEquals([done, value === 0], [false, false]);
  }
  await reader.return();
});
