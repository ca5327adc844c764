/** Exactly-once as its users have it: processes of their own that are killed, drained and started again. */

import { assertEquals } from "@std/assert";
import { Dataset, type DatasetReader, DispatchServer, distribute, WorkerServer } from "../../mod.ts";
import { type Program, startProgram } from "../support/programs.ts";

const COUNT = 60_000;

interface Service extends AsyncDisposable {
  readonly target: string;
  readonly workers: { program: Program; address: string }[];
}

/** A dispatcher in this process, so that it can be asked, and workers in their own. */
async function serviceOf(dispatcher: DispatchServer, numWorkers: number): Promise<Service> {
  const start = async () => {
    const flags = [
      "--dispatcher-address",
      dispatcher.address,
      "--json",
      "--isolation",
      "none",
      "--lanes",
      "1",
      "--heartbeat-interval-ms",
      "100",
    ];
    const program = await startProgram("worker.ts", flags);
    return { program, address: JSON.parse(program.firstLine).address as string };
  };
  const workers = await Promise.all(Array.from({ length: numWorkers }, start));
  return {
    target: dispatcher.target,
    workers,
    [Symbol.asyncDispose]: async () =>
      void await Promise.all(workers.map(({ program }) => program[Symbol.asyncDispose]())),
  };
}

function numbers(service: string, jobName?: string): Dataset<number> {
  return Dataset.range(COUNT).map((x) => x + 1).apply(
    distribute({
      processingMode: "distributed_epoch",
      service,
      jobName,
      guarantee: "exactly-once",
      taskRefreshIntervalMs: 100,
    }),
  );
}

/** Reads to the end; `at` is told how many elements have come. */
async function readAll(reader: DatasetReader<number>, at: (count: number) => void): Promise<number[]> {
  const got: number[] = [];
  for await (const x of reader) {
    got.push(x);
    at(got.length);
  }
  return got;
}

function assertEachOnce(got: readonly number[]): void {
  const counts = new Map<number, number>();
  for (const x of got) counts.set(x, (counts.get(x) ?? 0) + 1);
  const twice = [...counts].filter(([, count]) => count > 1).map(([x]) => x);
  const missing = Array.from({ length: COUNT }, (_, x) => x + 1).filter((x) => !counts.has(x));
  assertEquals({ twice: twice.slice(0, 10), missing: missing.slice(0, 10), n: got.length }, {
    twice: [],
    missing: [],
    n: COUNT,
  });
}

Deno.test("one of three workers is killed, one gets SIGTERM, one is drained by address: readers get each element once", async () => {
  await using dispatcher = await DispatchServer.start({ workerTimeoutMs: 1_000 });
  await using service = await serviceOf(dispatcher, 3);
  await using late = await serviceOf(dispatcher, 1);
  const [killed, ended, drained] = service.workers;
  let total = 0;
  const steps = [
    () => killed.program.kill("SIGKILL"),
    () => ended.program.kill("SIGTERM"),
    () => void dispatcher.drainWorker(drained.address),
  ];
  const at = () => {
    total++;
    if (total % Math.floor(COUNT / 5) === 0) steps.shift()?.();
  };
  const readers = Array.from({ length: 3 }, () => numbers(service.target, "shared").reader());
  const got = await Promise.all(readers.map((reader) => readAll(reader, at)));
  assertEachOnce(got.flat());
  assertEquals(steps, []);
  assertEquals((await ended.program.status).code, 0);
  assertEquals((await drained.program.status).code, 0);
  const { jobs, workers } = dispatcher.status();
  assertEquals(jobs.map(({ guarantee }) => guarantee), ["exactly-once"]);
  assertEquals(workers.filter(({ lost }) => !lost).map(({ address }) => address), [late.workers[0].address]);
});

Deno.test("a worker that is the only one is killed: one that comes later gives the rest", async () => {
  await using dispatcher = await DispatchServer.start({ workerTimeoutMs: 1_000 });
  await using first = await serviceOf(dispatcher, 1);
  const reader = numbers(dispatcher.target).reader();
  let second: Promise<WorkerServer> | null = null;
  const got = await readAll(reader, (count) => {
    if (count !== 1_000) return;
    first.workers[0].program.kill("SIGKILL");
    second = WorkerServer.start({ dispatcherAddress: dispatcher.address });
  });
  await (await second!).stop();
  assertEachOnce(got);
});

Deno.test("what a suspended reader was sent goes to the next ones once it counts as lost", async () => {
  for (const isolation of ["none", "process"] as const) {
    await using dispatcher = await DispatchServer.start({ clientTimeoutMs: 500 });
    await using _worker = await WorkerServer.start({
      dispatcherAddress: dispatcher.address,
      heartbeatIntervalMs: 100,
      isolation,
    });
    await using slow = await startProgram("../tests/support/slow_reader.ts", [
      dispatcher.target,
      String(COUNT),
    ]);
    slow.kill("SIGSTOP"); // Its connections stay open, and nobody reads from them.
    const got: number[] = [];
    // One that has come to the end does not wait until another one is lost; whoever comes later gets the rest.
    do got.push(...await numbers(dispatcher.target, "shared").toArray()); while (
      dispatcher.status().iterations.some(({ finished }) => !finished)
    );
    const first = Number(slow.firstLine);
    assertEachOnce(got.includes(first) ? got : [...got, first]);
  }
});

Deno.test("a worker that stalls in the middle of an element keeps it from nobody for longer than the lease timeout", async () => {
  await using dispatcher = await DispatchServer.start({ leaseTimeoutMs: 500 });
  const config = { dispatcherAddress: dispatcher.address, heartbeatIntervalMs: 100, lanes: 1 };
  await using _first = await WorkerServer.start(config);
  await using _second = await WorkerServer.start(config);
  const mark = `${await Deno.makeTempDir()}/stalled`;
  const dataset = Dataset.range(2_000).map((x, { captures }) => {
    if (x !== 700) return x;
    try {
      Deno.mkdirSync(captures.mark); // Whoever makes it first never comes back.
    } catch {
      return x;
    }
    return new Promise<number>(() => {});
  }, { captures: { mark } }).apply(
    distribute({
      processingMode: "distributed_epoch",
      service: dispatcher.target,
      guarantee: "exactly-once",
      taskRefreshIntervalMs: 100,
    }),
  );
  const got = await dataset.toArray();
  assertEquals(got.sort((a, b) => a - b), Array.from({ length: 2_000 }, (_, x) => x));
  assertEquals((await Deno.stat(mark)).isDirectory, true);
  assertEquals(dispatcher.status().workers.filter(({ lost }) => !lost).length, 2);
});
