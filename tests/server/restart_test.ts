/** SPEC 6.5 and 6.8: the service goes on where it was when its dispatcher, its workers or both are started again. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  CrossTrainerCache,
  Dataset,
  DispatchServer,
  distribute,
  FailedPreconditionError,
  NotFoundError,
  SluiceError,
  UnavailableError,
} from "../../mod.ts";
import { createDispatcherClient } from "../../src/rpc/mod.ts";
import { startProgram } from "../support/programs.ts";
import { RestartableCluster } from "../support/restartable_cluster.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const times = (count: number, values: number[]) => sorted(Array.from({ length: count }, () => values).flat());
const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const DYNAMIC = { processingMode: "distributed_epoch" } as const;

/** So large that neither the workers nor the reader hold more than a part of them, and splits are leased to the end. */
const largeNumbers = (count: number) => Dataset.range(count).map((x) => new Float64Array(1024).fill(x));

/** Reads a dataset to its end, doing something after so many elements. */
async function readWith(
  dataset: Dataset<number> | Dataset<Float64Array>,
  steps: ReadonlyMap<number, () => Promise<unknown>>,
): Promise<number[]> {
  const values: number[] = [];
  for await (const value of dataset) {
    values.push(typeof value === "number" ? value : value[0]);
    await steps.get(values.length)?.();
  }
  return values;
}

Deno.test("6.8-1 testDispatcherStop: what is being read arrives without a dispatcher", async () => {
  await using cluster = await RestartableCluster.start();
  const iterator = Dataset.range(100).apply(cluster.distribute())[Symbol.asyncIterator]();
  const values = [(await iterator.next()).value];
  await cluster.dispatcher.stop();
  while (values.length < 100) values.push((await iterator.next()).value);
  assertEquals(values, numbers(100));
  await iterator.return?.();
});

Deno.test("6.8-2 testDispatcherRestartBeforeReading", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100).apply(cluster.distribute());
  await cluster.restartDispatcher();
  assertEquals(await dataset.toArray(), numbers(100));
});

Deno.test("6.8-3 testDispatcherRestartDuringReading", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100).apply(cluster.distribute());
  const values = await readWith(dataset, new Map([[50, () => cluster.restartDispatcher()]]));
  assertEquals(values, numbers(100));
});

Deno.test("6.8-3 testDispatcherRestartDuringReading, of more than a worker sends ahead", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(300_000).apply(cluster.distribute());
  const values = await readWith(dataset, new Map([[10, () => cluster.restartDispatcher()]]));
  assertEquals(values.length, 300_000);
  assert(values.every((value, i) => value === i));
});

Deno.test("6.8-4 testDispatcherRestartDuringDistributedEpoch", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100).apply(cluster.distribute(DYNAMIC));
  const values = await readWith(dataset, new Map([[50, () => cluster.restartDispatcher()]]));
  assertEquals(values, numbers(100));
});

Deno.test("6.8-4 testDispatcherRestartDuringDistributedEpoch, often, with three workers", async () => {
  await using cluster = await RestartableCluster.start({ workers: 3 });
  const dataset = largeNumbers(10_000).apply(cluster.distribute(DYNAMIC));
  const restart = () => cluster.restartDispatcher();
  const values = await readWith(dataset, new Map([[10, restart], [3_000, restart], [9_990, restart]]));
  assertEquals(sorted(values), numbers(10_000));
});

Deno.test("6.8-5 testDispatcherRestartDuringDistributedEpochRepeat", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100).repeat(5).apply(cluster.distribute(DYNAMIC));
  const restart = () => cluster.restartDispatcher();
  const values = await readWith(dataset, new Map([50, 250, 450, 500].map((count) => [count, restart])));
  assertEquals(sorted(values), times(5, numbers(100)));
});

Deno.test("6.8-6 testDispatcherRestartBetweenIterations", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100).apply(cluster.distribute());
  assertEquals(await dataset.toArray(), numbers(100));
  await cluster.restartDispatcher();
  assertEquals(await dataset.toArray(), numbers(100));
  assertEquals(cluster.dispatcher.status().jobs.length, 1);
});

Deno.test("6.8-8 testDispatcherManyRestarts", async () => {
  await using cluster = await RestartableCluster.start();
  const datasets: [number, Dataset<number>][] = [];
  for (let size = 10; size < 15; size++) {
    const dataset = Dataset.range(size).apply(cluster.distribute());
    assertEquals(await dataset.toArray(), numbers(size));
    datasets.push([size, dataset]);
    await cluster.restartDispatcher();
  }
  for (const [size, dataset] of datasets) assertEquals(await dataset.toArray(), numbers(size));
});

Deno.test("6.8-9 testDispatcherAndWorkerRestart", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100).apply(cluster.distribute());
  for (let time = 0; time < 2; time++) {
    await cluster.restartDispatcher();
    await cluster.restartWorker();
    assertEquals(await dataset.toArray(), numbers(100));
  }
});

Deno.test("6.8-10 testDispatcherAndMultiWorkerRestart", async () => {
  await using cluster = await RestartableCluster.start({ workers: 2 });
  const dataset = Dataset.range(100).apply(cluster.distribute());
  const restartAll = async () => {
    await cluster.restartDispatcher();
    await cluster.restartWorker(0);
    await cluster.restartWorker(1);
  };
  const iterator = dataset[Symbol.asyncIterator]();
  await restartAll();
  const values: number[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) values.push(next.value);
  assertEquals(sorted(values), times(2, numbers(100)));
  await restartAll();
  assertEquals((await iterator.next()).done, true);
});

Deno.test("6.8-12 testAddWorkerMidJob", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100_000).apply(cluster.distribute());
  const add = async () => {
    await cluster.addWorker();
    await cluster.untilRegistered(2);
  };
  const values = await readWith(dataset, new Map([[50_000, add]]));
  assertEquals(sorted(values), times(2, numbers(100_000)));
});

Deno.test("6.8-12 testAddWorkerMidJob, after a restart of the dispatcher", async () => {
  await using cluster = await RestartableCluster.start();
  const dataset = Dataset.range(100_000).apply(cluster.distribute());
  const add = async () => {
    await cluster.restartDispatcher();
    await cluster.addWorker();
    await cluster.untilRegistered(2);
  };
  const values = await readWith(dataset, new Map([[50_000, add]]));
  assertEquals(sorted(values), times(2, numbers(100_000)));
});

Deno.test("6.8-13 testRemoveMoreWorkersThanMaxOutstandingRequests", async () => {
  await using cluster = await RestartableCluster.start({ workers: 5 });
  const dataset = Dataset.range(2 ** 50).apply(cluster.distribute({ maxOutstandingRequests: 1 }));
  const iterator = dataset[Symbol.asyncIterator]();
  for (let zeros = 0; zeros < 5;) if ((await iterator.next()).value === 0) zeros++;
  await Promise.all(cluster.workers.splice(0, 4).map((worker) => worker.stop()));
  for (let i = 0; i < 10; i++) assertEquals((await iterator.next()).done, false);
  await iterator.return?.();
});

for (const samePort of [true, false]) {
  Deno.test(`6.8-14 testRestartWorker, at ${samePort ? "the same" : "another"} port`, async () => {
    await using cluster = await RestartableCluster.start();
    const iterator = Dataset.range(100_000).apply(cluster.distribute())[Symbol.asyncIterator]();
    const half = 50_000;
    for (let i = 0; i < half; i++) assertEquals((await iterator.next()).value, i);
    await cluster.restartWorker(0, { samePort });
    // What was sent before the end of the first worker still arrives, and may do so between what the second one gives.
    for (let first = half, second = 0; second < half;) {
      const { value } = await iterator.next();
      if (value === second) second++;
      else assertEquals(value, first++);
    }
    await iterator.return?.();
  });
}

Deno.test("6.8-16 testDistributeLargeGraphThenRegisterWorker", async () => {
  await using cluster = await RestartableCluster.start({ workers: 0 });
  const large = new Uint8Array(8 * 1024 * 1024).map((_, i) => i % 251);
  const dataset = Dataset.fromArray([large]).apply(cluster.distribute());
  const iterator = dataset[Symbol.asyncIterator]();
  const first = iterator.next();
  await cluster.restartDispatcher();
  await cluster.addWorker();
  assertEquals((await first).value, large);
  await iterator.return?.();
});

/** An endless dataset that a trainer reads through the cache that trainers share. */
function trained(cluster: RestartableCluster): AsyncIterator<number, undefined> {
  const crossTrainerCache = new CrossTrainerCache("trainer");
  return Dataset.range(10_000_000).repeat()
    .apply(cluster.distribute({ jobName: "job", crossTrainerCache }))[Symbol.asyncIterator]();
}

Deno.test("6.5-1 testWorkerRestart", async () => {
  await using cluster = await RestartableCluster.start();
  const iterator = trained(cluster);
  for (let i = 0; i < 100; i++) assertEquals((await iterator.next()).value, i);
  await cluster.restartWorker();
  while ((await iterator.next()).value !== 0);
  for (let i = 1; i < 100; i++) assertEquals((await iterator.next()).value, i);
  await iterator.return?.();
});

Deno.test("6.5-2 testDispatcherRestart", async () => {
  await using cluster = await RestartableCluster.start();
  const iterator = trained(cluster);
  for (let i = 0; i < 100; i++) assertEquals((await iterator.next()).value, i);
  await cluster.restartDispatcher();
  for (let i = 100; i < 200; i++) assertEquals((await iterator.next()).value, i);
  await iterator.return?.();
});

Deno.test("named jobs, shared readers and ids outlive the dispatcher", async () => {
  await using cluster = await RestartableCluster.start({ workers: 2 });
  const options = { ...DYNAMIC, jobName: "shared" };
  const first = Dataset.range(50_000).apply(cluster.distribute(options));
  const second = Dataset.range(50_000).apply(cluster.distribute(options));
  const restart = () => cluster.restartDispatcher();
  const parts = await Promise.all([
    readWith(first, new Map([[100, restart]])),
    readWith(second, new Map()),
  ]);
  assertEquals(sorted(parts.flat()), numbers(50_000));
  assertEquals(cluster.dispatcher.status().jobs.map(({ id, name }) => [id, name]), [[5000, "shared"]]);
});

Deno.test("a dispatcher that is killed twice in the middle of an epoch goes on from its directory", async () => {
  const workDir = await Deno.makeTempDir({ prefix: "sluice-restart-" });
  const start = async (port: number) => {
    const flags = ["--json", "--port", String(port), "--fault-tolerant-mode", "--work-dir", workDir];
    const program = await startProgram("dispatcher.ts", flags);
    return { program, target: JSON.parse(program.firstLine).target as string };
  };
  let { program, target } = await start(0);
  try {
    const worker = ["--json", "--dispatcher-address", target, "--heartbeat-interval-ms", "100"];
    await using _first = await startProgram("worker.ts", worker);
    await using _second = await startProgram("worker.ts", worker);
    const kill = async () => {
      program.kill("SIGKILL");
      await program.status;
      await program[Symbol.asyncDispose]();
      ({ program, target } = await start(Number(new URL(target).port)));
    };
    const dataset = largeNumbers(10_000).apply(
      distribute({ ...DYNAMIC, service: target, taskRefreshIntervalMs: 20 }),
    );
    const values = await readWith(dataset, new Map([[10, kill], [4_000, kill]]));
    assertEquals(sorted(values), numbers(10_000));
  } finally {
    await program[Symbol.asyncDispose]();
    await Deno.remove(workDir, { recursive: true });
  }
});

Deno.test({
  name:
    "a dispatcher whose disk fills acknowledges nothing more, and knows all it did when there is room again",
  ignore: Deno.build.os === "windows", // There is no limit on the size of files to fill a disk with.
  async fn() {
    const workDir = await Deno.makeTempDir({ prefix: "sluice-restart-" });
    const script = new URL("../../scripts/dispatcher.ts", import.meta.url).pathname;
    const full =
      `trap "" XFSZ; ulimit -f 64; exec "$0" run -A --quiet "$1" --json --fault-tolerant-mode --work-dir "$2"`;
    const child = new Deno.Command("bash", {
      args: ["-c", full, Deno.execPath(), script, workDir],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    try {
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { target } = JSON.parse((await reader.read()).value!);
      await reader.cancel();
      const client = createDispatcherClient(target);
      const addresses: string[] = [];
      const error = await assertRejects(async () => {
        while (addresses.length < 1_000) {
          const workerAddress = `worker-${addresses.length}:1`;
          const workerTags = Array.from({ length: 10 }, (_, i) => `${i}`.padEnd(100, "x"));
          await client.workerHeartbeat({ workerAddress, workerUid: "u", workerTags, formats: ["sluice"] });
          addresses.push(workerAddress);
        }
      }, UnavailableError);
      assertStringIncludes(error.message, "Cannot go on: the journal failed: Cannot write");
      assertStringIncludes(error.message, "there is no room left on the disk");
      assert(addresses.length > 10, `${addresses.length} were acknowledged`);
      await assertRejects(() => client.getWorkers({}), UnavailableError, "there is no room left on the disk");
      child.kill("SIGKILL");
      await child.status;
      await using again = await DispatchServer.start({ faultTolerantMode: true, workDir });
      const known = again.status().workers.map(({ address }) => address);
      assertEquals(known.slice(0, addresses.length), addresses);
    } finally {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await child.status;
      await Deno.remove(workDir, { recursive: true });
    }
  },
});

Deno.test("a directory that cannot be used stops the start and says which", async () => {
  const file = await Deno.makeTempFile();
  await assertRejects(
    () => DispatchServer.start({ faultTolerantMode: true, workDir: `${file}/below` }),
    SluiceError,
    `Cannot make "${file}/below/journal"`,
  );
  await Deno.remove(file);
});

Deno.test("two dispatchers cannot use one directory", async () => {
  await using cluster = await RestartableCluster.start({ workers: 0 });
  const { workDir } = cluster;
  const error = await assertRejects(
    () => DispatchServer.start({ faultTolerantMode: true, workDir }),
    FailedPreconditionError,
  );
  assertEquals(
    error.message,
    `Cannot open the journal: another dispatcher uses it, "${workDir}/journal/lock" is locked`,
  );
});

Deno.test("without fault tolerance a restarted dispatcher knows nobody, and says why", async () => {
  await using cluster = await RestartableCluster.start({
    dispatcher: { faultTolerantMode: false, workDir: undefined },
  });
  const iterator = Dataset.range(100_000_000).apply(cluster.distribute())[Symbol.asyncIterator]();
  const { value: first } = await iterator.next();
  assertEquals(first, 0);
  const [{ id }] = cluster.dispatcher.status().clients;
  await cluster.restartDispatcher();
  const error = await assertRejects(async () => {
    while (!(await iterator.next()).done);
  }, NotFoundError);
  assert(
    error.message.startsWith(
      `Unknown iteration client id ${id}. The dispatcher is not configured to be fault tolerant, so this could be ` +
        "caused by a dispatcher restart",
    ),
    error.message,
  );
});
