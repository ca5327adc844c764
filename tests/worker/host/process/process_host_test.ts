import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeClock, PermissionDeniedError, SeededRandom } from "../../../../src/base/mod.ts";
import { ShardingPolicy } from "../../../../src/gen/sluice/v1/dataset_pb.ts";
import { serializeGraph } from "../../../../src/graph/mod.ts";
import {
  createProcessHost,
  type ProcessHostOptions,
} from "../../../../src/worker/host/process/process_host.ts";
import type { TaskHandle, TaskHost } from "../../../../src/worker/host/task_host.ts";
import type { StreamRequest } from "../../../../src/worker/runners/task_runner.ts";
import { StreamReader } from "../../support/reader.ts";
import { mapped, range } from "../../support/worker_harness.ts";
import { MemoryProcesses } from "./memory_process.ts";

const REQUEST: StreamRequest = {
  clientId: 1n,
  sessionId: "",
  next: 0,
  taken: 0,
  limit: 16,
  accepted: [],
  compression: "AUTO",
  loopback: true,
};

class Harness implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly processes = new MemoryProcesses(this.clock);
  readonly warnings: string[] = [];
  readonly printed: [bigint | null, string][] = [];
  readonly host: TaskHost;
  #tasks = 0n;

  constructor(options: Partial<ProcessHostOptions> = {}) {
    this.host = createProcessHost({
      clock: this.clock,
      random: new SeededRandom(5),
      log: { info: () => {}, warn: (message) => void this.warnings.push(message) },
      spawn: this.processes.spawn,
      fetch: this.processes.fetch,
      dispatcher: { getSplit: () => Promise.reject(new Error("No splits here")) },
      hostname: "0.0.0.0",
      addressOf: (port) => `http://worker:${port}`,
      nextSocketPath: () => "/run/1.sock",
      settings: { lanes: 1, crossTrainerCacheSizeBytes: 1_000_000 },
      watchdogMs: 30_000,
      heapLimitMb: 100,
      print: (task, line) => void this.printed.push([task, line]),
      ...options,
    });
  }

  /** `known`: the graph comes with the task. */
  start(fn: (x: number) => unknown = (x) => x, { known = false } = {}): TaskHandle {
    const graph = serializeGraph(mapped(range(3), fn));
    const definition = {
      taskId: ++this.#tasks,
      iterationId: 1n,
      datasetId: "d",
      policy: ShardingPolicy.OFF_UNSPECIFIED,
      repetition: 0,
      numWorkers: 0,
      workerIndex: 0,
      numConsumers: null,
      useCrossTrainerCache: false,
      compression: "AUTO" as const,
    };
    return this.host.start(definition, () => Promise.resolve(graph), () => Promise.resolve(), {
      ...(known && { graph }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop?.();
  }
}

const never = () => new AbortController().signal;

Deno.test("processes are kept ready, and replaced a little after they were taken", async () => {
  await using harness = new Harness({ warmProcesses: 2 });
  harness.host.prepare!();
  assertEquals(harness.processes.started.length, 2);
  const task = harness.start();
  assertEquals(harness.processes.started.length, 2);
  await harness.clock.advance(250);
  assertEquals(harness.processes.started.length, 3);
  await task.stop(new Error("over"));
});

Deno.test("a process that is kept ready gets ready for more, one that was started for a task does not", async () => {
  for (const warmProcesses of [1, 0]) {
    await using harness = new Harness({ warmProcesses });
    if (warmProcesses > 0) harness.host.prepare!();
    else harness.start();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await harness.clock.advance(49);
    assertEquals(harness.processes.prepared, 0);
    await harness.clock.advance(1);
    assertEquals(harness.processes.prepared, warmProcesses);
  }
});

Deno.test("a warm process that dies is not replaced before somebody needs one", async () => {
  await using harness = new Harness();
  harness.host.prepare!();
  harness.processes.started[0].crash({ code: 1, signal: null }, "error: no such flag");
  await harness.clock.advance(1_000);
  assertEquals(harness.processes.started.length, 1);
  assertEquals(harness.warnings, ["A task process that was kept ready is gone"]);
  const task = harness.start();
  assertEquals(harness.processes.started.length, 2);
  await task.stop(new Error("over"));
});

const same = (x: number) => x;
const other = (x: number) => x + 1;

Deno.test("a process whose task was ended gets the next task of the same graph, and no other", async () => {
  await using harness = new Harness({ warmProcesses: 1 });
  const { started } = harness.processes;
  const first = harness.start(same, { known: true });
  const reader = new StreamReader(first.openStream(REQUEST, never()));
  await reader.block();
  await first.stop(new Error("over"));
  assertEquals(first.dataPlane!.addresses, []);
  const strange = harness.start(other, { known: true });
  assertEquals(started.length, 2, "not the process of another graph");
  const next = harness.start(same, { known: true });
  assertEquals(started.length, 2);
  assertEquals(await new StreamReader(next.openStream(REQUEST, never())).toEnd(), [0, 1, 2]);
  assertEquals(await new StreamReader(strange.openStream(REQUEST, never())).toEnd(), [1, 2, 3]);
  await next.dataPlane!.settled;
  assertEquals(next.dataPlane!.addresses, ["unix:/run/1.sock", "http://worker:7000"]);
  await Promise.all([next, strange].map((task) => task.stop(new Error("over"))));
});

Deno.test("a process whose task was read to its end is used again, too", async () => {
  await using harness = new Harness({ warmProcesses: 1 });
  const read = async () => {
    const task = harness.start(same, { known: true });
    const reader = new StreamReader(task.openStream(REQUEST, never()));
    assertEquals(await reader.toEnd(), [0, 1, 2]);
    const { sessionId, next } = reader;
    await task.acknowledge({ clientId: 1n, sessionId, taken: next, limit: next, release: false });
    await task.completed;
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  for (let pass = 0; pass < 3; pass++) await read();
  assertEquals(harness.processes.started.length, 1);
});

Deno.test("a process that had a task is kept for a moment only, and none where none are kept ready", async () => {
  for (const warmProcesses of [1, 0]) {
    await using harness = new Harness({ warmProcesses });
    const { started } = harness.processes;
    await harness.start(same, { known: true }).stop(new Error("over"));
    await harness.clock.advance(warmProcesses === 0 ? 0 : 10_000);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const before = started.length;
    const warm = warmProcesses === 0 ? 0 : 1; // The one in place of the first.
    const task = harness.start(same, { known: true });
    assertEquals([before, started.length], [1 + warm, 2]);
    await task.stop(new Error("over"));
  }
});

Deno.test("a process whose task does not end is ended with it, and those kept end with their host", async () => {
  const harness = new Harness({ warmProcesses: 1 });
  const hanging = harness.start(same, { known: true });
  harness.processes.started[0].hang();
  const stopped = hanging.stop(new Error("over"));
  await harness.clock.advance(500);
  await harness.clock.advance(500);
  assertEquals(harness.processes.started[0].signals, ["SIGTERM"]);
  await stopped;
  await harness.start(same, { known: true }).stop(new Error("over"));
  assertEquals(harness.processes.started.map(({ hasEnded }) => hasEnded), [true, false]);
  await harness.host.stop!();
  assertEquals(harness.processes.started.map(({ hasEnded }) => hasEnded), [true, true]);
});

Deno.test("a process is not used again where a thread of its task may go on", async () => {
  await using harness = new Harness({ warmProcesses: 1 });
  harness.processes.leavesNothing = false;
  await harness.start(same, { known: true }).stop(new Error("over"));
  assertEquals(harness.processes.started.map(({ hasEnded }) => hasEnded), [true]);
});

Deno.test("a task's addresses are its socket and its port, until its process is gone", async () => {
  await using harness = new Harness();
  const { dataPlane } = harness.start();
  assertEquals(dataPlane!.addresses, []);
  await dataPlane!.settled;
  assertEquals(dataPlane!.addresses, ["unix:/run/1.sock", "http://worker:7000"]);
  harness.processes.started[0].crash({ code: 3, signal: null });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(dataPlane!.addresses, []);
});

Deno.test("readers of a crashed task get the reason among the elements, and later readers too", async () => {
  await using harness = new Harness();
  const task = harness.start();
  const reader = new StreamReader(task.openStream(REQUEST, never()));
  await reader.block();
  harness.processes.started[0].crash({ code: 3, signal: null });
  await new Promise((resolve) => setTimeout(resolve, 0));
  const { sessionId } = reader;
  const later = new StreamReader(task.openStream({ ...REQUEST, sessionId, next: 1, taken: 0 }, never()), 1);
  await assertRejects(() => later.step(), Error, "Task process ended: user code called Deno.exit(3)");
  assertEquals(later.sessionId, sessionId);
  assertEquals(
    await task.acknowledge({ clientId: 1n, sessionId, taken: 1, limit: 9, release: false }),
    "unknownSession",
  );
  const simple = () => task.openStream({ ...REQUEST, limit: 0 }, never());
  await assertRejects(async () => void await simple().next(), Error, "Deno.exit(3)");
});

Deno.test("other tasks go on when one crashes", async () => {
  await using harness = new Harness({ warmProcesses: 0 });
  const [crashing, other] = [harness.start(), harness.start((x) => x + 1)];
  harness.processes.started[0].crash({ code: 134, signal: "SIGABRT" });
  assertEquals(await new StreamReader(other.openStream(REQUEST, never())).toEnd(), [1, 2, 3]);
  const reader = new StreamReader(crashing.openStream(REQUEST, never()));
  await assertRejects(() => reader.step(), Error, "killed by SIGABRT");
  await other.stop(new Error("over"));
});

Deno.test("what a task prints comes with its number", async () => {
  await using harness = new Harness();
  const task = harness.start();
  harness.processes.started[0].crash({ code: 3, signal: null }, "out it goes");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(harness.printed, [[1n, "out it goes"]]);
  await task.stop(new Error("over"));
});

Deno.test("where no process can be started, readers are told why", async () => {
  await using harness = new Harness({
    spawn: () => {
      throw new PermissionDeniedError("Cannot run tasks in processes of their own: no");
    },
  });
  assertThrows(() => harness.host.prepare!(), PermissionDeniedError);
  const reader = new StreamReader(harness.start().openStream(REQUEST, never()));
  await assertRejects(
    () => reader.step(),
    PermissionDeniedError,
    "Cannot run tasks in processes of their own",
  );
});

Deno.test("a reader that comes before the task is kept waiting for it, but not for ever", async () => {
  await using harness = new Harness();
  harness.host.prepare!();
  await new Promise((resolve) => setTimeout(resolve, 0)); // The program listens now.
  const early = harness.processes.fetch("http://127.0.0.1:7000/early");
  await harness.clock.advance(4_999);
  const task = harness.start();
  assertEquals((await early).status, 404);
  await harness.clock.advance(250);
  await new Promise((resolve) => setTimeout(resolve, 0));
  const stray = harness.processes.fetch("http://127.0.0.1:7001/stray");
  await harness.clock.advance(5_000);
  assertEquals((await stray).status, 503);
  await task.stop(new Error("over"));
});
