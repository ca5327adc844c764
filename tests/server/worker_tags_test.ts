import { assertEquals, assertRejects } from "@std/assert";
import { Dataset, InvalidArgumentError, ShardingPolicy } from "../../mod.ts";
import { startMixedCluster } from "../support/mixed_cluster.ts";
import { copies, numbers, sorted } from "../support/numbers.ts";

const colocated = { workerTags: ["COLOCATED"] };
const untagged = { workerTags: [] };

for (const remote of [0, 3]) {
  Deno.test(`6.14-1 testReadFromLocalWorker: ${remote} remote`, async () => {
    await using cluster = await startMixedCluster({ local: 1, remote, worker: colocated });
    assertEquals(await Dataset.range(100).apply(cluster.distribute()).toArray(), numbers(100));
  });
}

for (const [local, remote] of [[1, 0], [1, 3], [3, 0], [3, 3]]) {
  Deno.test(`6.14-2 testReadFromLocalAndNonTpuWorkers: ${local} local, ${remote} remote`, async () => {
    await using cluster = await startMixedCluster({ local, remote, worker: colocated });
    await cluster.addRemote(untagged);
    const dataset = Dataset.range(100).apply(cluster.distribute());
    assertEquals(sorted(await dataset.toArray()), copies(local + 1, 100));
  });
}

Deno.test("6.14-3 ANY reads colocated workers of others too", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 2, worker: colocated });
  const dataset = Dataset.range(100).apply(cluster.distribute({ targetWorkers: "ANY" }));
  assertEquals(sorted(await dataset.toArray()), copies(3, 100));
});

for (const local of [1, 3]) {
  Deno.test(`6.14-4 testReadFromLocalAndNonTpuWorkers_DynamicSharding: ${local} local`, async () => {
    await using cluster = await startMixedCluster({ local, remote: 3, worker: colocated });
    await cluster.addRemote(untagged);
    const dataset = Dataset.range(100).apply(cluster.distribute({ processingMode: ShardingPolicy.DYNAMIC }));
    assertEquals(sorted(await dataset.toArray()), numbers(100));
  });
}

Deno.test("6.14-5 testReadFromLocalWorker_StaticSharding", async () => {
  const dispatcher = { workerAddresses: Array<string>(5).fill("localhost:%port%") };
  await using cluster = await startMixedCluster({ local: 1, remote: 3, worker: colocated, dispatcher });
  await cluster.addRemote(untagged);
  const dataset = Dataset.range(100).apply(
    cluster.distribute({ processingMode: ShardingPolicy.FILE_OR_DATA }),
  );
  assertEquals(await dataset.toArray(), numbers(20).map((x) => 5 * x));
});

Deno.test("6.14-7 tags are compared without regard to the case of letters", async () => {
  await using cluster = await startMixedCluster({
    local: 1,
    remote: 1,
    worker: { workerTags: ["Colocated"] },
  });
  assertEquals(await Dataset.range(100).apply(cluster.distribute()).toArray(), numbers(100));
});

Deno.test("6.14-8 testMultipleTags", async () => {
  const worker = { workerTags: ["COLOCATED", "COLOCATED_2", "COLOCATED_3"] };
  await using cluster = await startMixedCluster({ local: 1, remote: 3, worker });
  assertEquals(await Dataset.range(100).apply(cluster.distribute()).toArray(), numbers(100));
});

Deno.test("6.14-9 testUnusedTags", async () => {
  const worker = { workerTags: ["Unused tag 1", "Unused tag 2", "Unused tag 3"] };
  await using cluster = await startMixedCluster({ local: 1, remote: 3, worker });
  assertEquals(sorted(await Dataset.range(100).apply(cluster.distribute()).toArray()), copies(4, 100));
});

Deno.test("6.14-10 testInvalidTag", async () => {
  await using cluster = await startMixedCluster({ local: 0, remote: 0 });
  const start = () => cluster.addWorker({ workerTags: ["", "COLOCATED"] });
  await assertRejects(start, InvalidArgumentError, "Worker tags cannot be empty");
});

Deno.test("6.14 static sharding beside colocated workers needs one in this process", async () => {
  const dispatcher = { workerAddresses: ["localhost"] };
  await using cluster = await startMixedCluster({ local: 0, remote: 1, dispatcher });
  const dataset = Dataset.range(100).apply(
    cluster.distribute({ processingMode: ShardingPolicy.FILE_OR_DATA }),
  );
  await assertRejects(
    () => dataset.toArray(),
    InvalidArgumentError,
    "Static sharding policy <FILE_OR_DATA> requires local tf.data workers, but no local worker is found",
  );
});

Deno.test("6.14 the tasks of colocated workers end with their reader, those of others stay", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 0, worker: colocated });
  const plain = await cluster.addWorker(untagged);
  const dataset = Dataset.range(1_000_000).repeat().apply(cluster.distribute());
  assertEquals((await dataset.take(10).toArray()).length, 10);
  assertEquals([cluster.workers[0].numTasks(), plain.numTasks()], [0, 1]);
});
