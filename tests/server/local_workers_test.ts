import { assert, assertEquals, assertRejects } from "@std/assert";
import { Dataset, FailedPreconditionError, InvalidArgumentError, ShardingPolicy } from "../../mod.ts";
import { until } from "../support/cluster.ts";
import { startMixedCluster } from "../support/mixed_cluster.ts";
import { copies, numbers, sorted } from "../support/numbers.ts";
import { RestartableCluster } from "../support/restartable_cluster.ts";

const LOCAL = { targetWorkers: "LOCAL" } as const;
const GRID = [[1, 0], [1, 3], [3, 0], [3, 3]];
const endless = () => Dataset.range(1_000_000).repeat();

async function take<T>(dataset: Dataset<T>, count: number): Promise<T[]> {
  return await dataset.take(count).toArray();
}

Deno.test("6.13-1 testOneLocalWorker", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 5 });
  const targetWorkers = "local" as "LOCAL"; // As in tf.data, the case of the letters does not matter.
  assertEquals(await Dataset.range(10).apply(cluster.distribute({ targetWorkers })).toArray(), numbers(10));
});

for (const [local, remote] of GRID) {
  const grid = `${local} local, ${remote} remote`;

  Deno.test(`6.13-2 testLocalWorkers: ${grid}`, async () => {
    await using cluster = await startMixedCluster({ local, remote });
    const dataset = Dataset.range(10).apply(cluster.distribute(LOCAL));
    assertEquals(sorted(await dataset.toArray()), copies(local, 10));
  });

  Deno.test(`6.13-4 testPrefetchingDataset: ${grid}`, async () => {
    await using cluster = await startMixedCluster({ local, remote });
    const dataset = Dataset.range(10).prefetch(10).apply(cluster.distribute(LOCAL));
    assertEquals(sorted(await dataset.toArray()), copies(local, 10));
  });

  Deno.test(`6.13-5 testMultipleEpochs: ${grid}`, async () => {
    await using cluster = await startMixedCluster({ local, remote });
    const dataset = Dataset.range(10).apply(cluster.distribute(LOCAL));
    for (let epoch = 0; epoch < 10; epoch++) {
      assertEquals(sorted(await dataset.toArray()), copies(local, 10));
    }
  });

  Deno.test(`6.13-6 testDynamicSharding: ${grid}`, async () => {
    await using cluster = await startMixedCluster({ local, remote });
    const processingMode = ShardingPolicy.DYNAMIC;
    const dataset = Dataset.range(100).apply(cluster.distribute({ ...LOCAL, processingMode }));
    assertEquals(sorted(await dataset.toArray()), numbers(100));
  });

  Deno.test(`6.13-8 testEmptyDataset: ${grid}`, async () => {
    await using cluster = await startMixedCluster({ local, remote });
    assertEquals(await Dataset.range(0).apply(cluster.distribute(LOCAL)).toArray(), []);
  });
}

Deno.test("6.13-3 local reads go without the network", async () => {
  // Nobody listens at the address that the worker gives out.
  const worker = { workerAddress: "nowhere.invalid:1" };
  await using cluster = await startMixedCluster({ local: 1, remote: 0, worker });
  const dataset = Dataset.range(100_000).map((x) => ({ x, text: `number ${x}` }));
  const read = await dataset.apply(cluster.distribute(LOCAL)).toArray();
  assertEquals(read, numbers(100_000).map((x) => ({ x, text: `number ${x}` })));
});

Deno.test("6.13-7 what a program writes into local elements reaches nobody else", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 0 });
  const dataset = Dataset.fromArray([new Float64Array(20_000).fill(1)]).repeat(3).apply(
    cluster.distribute(LOCAL),
  );
  for await (const element of dataset) {
    assertEquals([element[0], element.at(-1)], [1, 1]);
    element.fill(7);
  }
  for (const element of await dataset.toArray()) assertEquals(element[0], 1);
});

for (const [local, remote] of [[0, 1], [0, 3], [3, 1], [3, 3]]) {
  Deno.test(`6.13-9 testNonLocalRead: ${local} local, ${remote} remote`, async () => {
    await using cluster = await startMixedCluster({ local, remote });
    const dataset = Dataset.range(10).apply(cluster.distribute());
    assertEquals(sorted(await dataset.toArray()), copies(local + remote, 10));
  });
}

Deno.test("6.13-10 testNoLocalWorker", async () => {
  await using cluster = await startMixedCluster({ local: 0, remote: 3 });
  const dataset = Dataset.range(10).apply(cluster.distribute(LOCAL));
  await assertRejects(
    () => dataset.toArray(),
    InvalidArgumentError,
    "Local reads require local tf.data workers, but no local worker is found",
  );
  assertEquals(cluster.dispatcher.status().clients, []);
});

Deno.test("6.13-11 a local worker that joins later is read too", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 1 });
  const iterator = Dataset.range(100_000).apply(cluster.distribute({ ...LOCAL, maxOutstandingRequests: 1 }))
    [Symbol.asyncIterator]();
  const read = [(await iterator.next()).value];
  await cluster.addWorker();
  for await (const value of iterator) read.push(value);
  assertEquals(sorted(read), copies(2, 100_000));
});

Deno.test("6.13-12 testAnonymousJobWithDifferentTargetWorkers", async () => {
  await using cluster = await startMixedCluster({ local: 3, remote: 3 });
  for (const [targetWorkers, times] of [["AUTO", 6], ["ANY", 6], ["LOCAL", 3]] as const) {
    const dataset = Dataset.range(10).apply(cluster.distribute({ targetWorkers }));
    assertEquals(sorted(await dataset.toArray()), copies(times, 10), targetWorkers);
  }
});

Deno.test("6.13-13 testCoordinatedRead", async () => {
  await using cluster = await startMixedCluster({ local: 3, remote: 3 });
  const coordinated = { ...LOCAL, jobName: "test", consumerIndex: 0, numConsumers: 3 };
  const read = async () => await Dataset.range(10).repeat().apply(cluster.distribute(coordinated)).toArray();
  await assertRejects(read, InvalidArgumentError, "Coordinated reads require non-local workers");
});

for (const remote of [0, 3]) {
  Deno.test(`6.13-14 testMultipleEpochs: local tasks end with their reader, ${remote} remote`, async () => {
    await using cluster = await startMixedCluster({ local: 1, remote });
    const dataset = endless().apply(cluster.distribute(LOCAL));
    for (let epoch = 0; epoch < 5; epoch++) {
      assertEquals(await take(dataset, 5), numbers(5));
      assertEquals(cluster.workers[0].numTasks(), 0);
    }
  });

  for (const jobName of [undefined, "name"]) {
    Deno.test(`6.13-16 testRepeatDistributedDataset: job ${jobName}, ${remote} remote`, async () => {
      await using cluster = await startMixedCluster({ local: 1, remote });
      const dataset = Dataset.range(10).apply(cluster.distribute({ ...LOCAL, jobName })).repeat(3);
      assertEquals(await dataset.toArray(), [...numbers(10), ...numbers(10), ...numbers(10)]);
    });
  }

  Deno.test(`6.13-17 testReadFromDeletedTask: ${remote} remote`, async () => {
    await using cluster = await startMixedCluster({ local: 1, remote });
    const make = () => endless().apply(cluster.distribute({ ...LOCAL, jobName: "shared_job_name" }));
    assertEquals(await take(make(), 10), numbers(10));
    await assertRejects(() => take(make(), 10), FailedPreconditionError, "which has been deleted");
  });
}

Deno.test("6.13-15 a task is kept while another reader of this process reads it", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 0 });
  const make = () =>
    endless().apply(cluster.distribute({ ...LOCAL, jobName: "shared", maxOutstandingRequests: 1 }));
  const [first, second] = [make().reader(), make().reader()];
  await first.next();
  await second.next();
  await first.return();
  assertEquals(cluster.workers[0].numTasks(), 1);
  for (let i = 0; i < 100_000; i++) assert(!(await second.next()).done);
  await second.return();
  assertEquals(cluster.workers[0].numTasks(), 0);
});

Deno.test("6.13-19 what is left of a deleted local task is collected", async () => {
  const dispatcher = { jobGcCheckIntervalMs: 20, jobGcTimeoutMs: 0 };
  await using cluster = await startMixedCluster({ local: 1, remote: 1, dispatcher });
  assertEquals(await take(endless().apply(cluster.distribute(LOCAL)), 3), [0, 1, 2]);
  await until(() => cluster.dispatcher.status().tasks.length === 0, "the iteration is collected");
});

Deno.test("6.13-20 testMultipleEpochs_DispatcherRestart", async () => {
  await using cluster = await RestartableCluster.start({ workers: 2 });
  const dataset = Dataset.range(100).apply(cluster.distribute(LOCAL));
  for (let epoch = 0; epoch < 3; epoch++) {
    assertEquals(sorted(await dataset.toArray()), copies(2, 100));
    await cluster.restartDispatcher();
  }
});

Deno.test("6.13 a local reader whose worker has stopped ends, whatever other workers have left", async () => {
  await using cluster = await startMixedCluster({ local: 1, remote: 1 });
  const reader = endless().apply(cluster.distribute({ ...LOCAL, jobName: "job" })).reader();
  await reader.next();
  await cluster.workers[0].stop();
  let last = await reader.next();
  while (!last.done) last = await reader.next();
  assertEquals(cluster.dispatcher.status().iterations.map(({ finished }) => finished), [false]);
});
