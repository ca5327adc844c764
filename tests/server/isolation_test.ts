import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  Dataset,
  DispatchServer,
  distribute,
  InternalError,
  InvalidArgumentError,
  PermissionDeniedError,
  ResourceExhaustedError,
  type WorkerConfig,
  WorkerServer,
} from "../../mod.ts";
import { until } from "../support/cluster.ts";

/** A dispatcher and a worker whose tasks run in processes of their own. */
class Cluster implements AsyncDisposable {
  static async start(config: Omit<WorkerConfig, "dispatcherAddress"> = {}): Promise<Cluster> {
    const dispatcher = await DispatchServer.start();
    const worker = await WorkerServer.start({
      isolation: "process",
      warmTaskProcesses: 0,
      lanes: 1,
      ...config,
      dispatcherAddress: dispatcher.address,
    });
    return new Cluster(dispatcher, worker);
  }

  private constructor(readonly dispatcher: DispatchServer, readonly worker: WorkerServer) {}

  read<T>(dataset: Dataset<T>): Promise<T[]> {
    const { target } = this.dispatcher;
    return dataset.apply(distribute({ processingMode: "distributed_epoch", service: target })).toArray();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.stop();
    await this.dispatcher.stop();
  }
}

/** Whether a process runs; one that has ended but was not yet waited for (state Z) does not. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

Deno.test("a task runs in a process of its own, which ends with the task", async () => {
  await using cluster = await Cluster.start();
  const pids = new Set(await cluster.read(Dataset.range(100).map(() => Deno.pid)));
  assertEquals(pids.size, 1);
  const [pid] = pids;
  assert(pid !== Deno.pid);
  assertEquals(cluster.worker.numTasks(), 0);
  await cluster.worker.stop();
  await until(() => !isAlive(pid), "the task's process has ended");
});

Deno.test("whatever user code does to its process, the worker goes on, and readers learn what happened", async () => {
  await using cluster = await Cluster.start({ taskHeapLimitMb: 48 });
  const read = (fn: (x: number) => unknown) =>
    cluster.read(Dataset.range(4).map(fn as (x: number) => number));
  const cases: [(x: number) => unknown, typeof InternalError | typeof ResourceExhaustedError, string][] = [
    [() => Deno.exit(3), InternalError, "Task process ended: user code called Deno.exit(3)"],
    [
      () => {
        const kept = [];
        for (;;) kept.push(new Array(1_000).fill(Math.random()));
      },
      ResourceExhaustedError,
      "Task process ended: out of memory (heap limit 48 MB)",
    ],
    [
      async () => {
        Promise.reject(new Error("boom"));
        await new Promise((resolve) => setTimeout(resolve, 10_000));
      },
      InternalError,
      "Task process ended: Uncaught (in promise) Error: boom",
    ],
    [
      () => {
        const deeper = (depth: number): number => deeper(depth + 1) + 1;
        return deeper(0);
      },
      InternalError,
      "Cannot map element 0: Maximum call stack size exceeded",
    ],
  ];
  await Promise.all(cases.map(async ([fn, Class, message]) => {
    const error = await assertRejects(() => read(fn), Class);
    assertEquals(error.message, message);
  }));
  assertEquals(await read((x) => x + 1), [1, 2, 3, 4]);
});

Deno.test("user code that never returns is ended with its process, and the worker goes on", async () => {
  await using cluster = await Cluster.start({ taskWatchdogMs: 3_000 });
  await assertRejects(
    () =>
      cluster.read(
        Dataset.range(4).map((): number => {
          for (;;);
        }),
      ),
    InternalError,
    "Task process ended: it did not answer for 3 s",
  );
  assertEquals(await cluster.read(Dataset.range(2)), [0, 1]);
});

Deno.test("a thread of a task that never returns is found out too", async () => {
  await using cluster = await Cluster.start({ lanes: 2, taskWatchdogMs: 3_000 });
  const dataset = Dataset.range(1e9).map((x) => {
    const isThread = "WorkerGlobalScope" in globalThis;
    for (const until = performance.now() + 1; isThread || performance.now() < until;);
    return x;
  });
  await assertRejects(
    () => cluster.read(dataset),
    InternalError,
    "Task process ended: it did not answer for 3 s",
  );
});

Deno.test("tasks have the permissions that were granted and no others", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/a.txt`, "one\ntwo\n");
    await Deno.writeTextFile(`${directory}/b.txt`, "secret\n");
    await using cluster = await Cluster.start({ permissions: { read: [`${directory}/a.txt`] } });
    assertEquals(await cluster.read(Dataset.textLines(`${directory}/a.txt`)), ["one", "two"]);
    await assertRejects(
      () => cluster.read(Dataset.textLines([`${directory}/b.txt`])),
      PermissionDeniedError,
      "b.txt",
    );
    const refusals = await cluster.read(
      Dataset.range(5).map(async (x) => {
        const attempts = [
          () => Deno.readTextFileSync("/etc/hosts"),
          () => Deno.env.get("HOME"),
          () => new Deno.Command("/bin/true").outputSync(),
          () => Deno.hostname(),
          () => fetch("http://127.0.0.1:8081"),
        ];
        try {
          return String(await attempts[x]());
        } catch (error) {
          return (error as Error).message.split(",")[0];
        }
      }),
    );
    assertEquals(refusals, [
      'Requires read access to "/etc/hosts"',
      'Requires env access to "HOME"',
      'Requires run access to "/bin/true"',
      'Requires sys access to "hostname"',
      'Requires net access to "127.0.0.1:8081"',
    ]);
    const error = await assertRejects(
      () => cluster.read(Dataset.range(1).map(() => Deno.readTextFileSync("/etc/hosts"))),
      InternalError,
    );
    assertMatch(error.message, /^Cannot map element 0: Requires read access to "\/etc\/hosts"/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("what a function leaves in its process, no other dataset finds", async () => {
  await using cluster = await Cluster.start({ warmTaskProcesses: 1 });
  const counting = () => {
    const memory = globalThis as { calls?: number };
    return memory.calls = (memory.calls ?? 0) + 1;
  };
  const reading = () => (globalThis as { calls?: number }).calls ?? 0;
  for (let pass = 1; pass <= 3; pass++) {
    const last = (await cluster.read(Dataset.range(10).map(counting))).at(-1)!;
    assert(last >= 10 && last <= 10 * pass, `${last} calls in pass ${pass}`);
    assertEquals(await cluster.read(Dataset.range(1).map(reading)), [0]);
  }
});

Deno.test("what a task prints does not disturb it", async () => {
  await using cluster = await Cluster.start();
  const dataset = Dataset.range(3).map((x) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`{"kind":"leaving"}\nno end of line`));
    return x;
  });
  assertEquals(await cluster.read(dataset), [0, 1, 2]);
});

Deno.test("where no port but the worker's may be reached, the worker relays", async () => {
  await using cluster = await Cluster.start({ relayElements: true });
  const dataset = Dataset.range(1_000).map((x) => ({ x, pixels: new Uint8Array(1_000).fill(x) }));
  const elements = await cluster.read(dataset);
  assertEquals(elements.map(({ x }) => x).sort((a, b) => a - b), Array.from({ length: 1_000 }, (_, x) => x));
  assert(elements.every(({ x, pixels }) => pixels.length === 1_000 && pixels[999] === x % 256));
});

Deno.test("a worker that stops ends the processes of its tasks", async () => {
  const cluster = await Cluster.start({ warmTaskProcesses: 1 });
  const { target } = cluster.dispatcher;
  const reader = Dataset.range(1e9).map(() => Deno.pid)
    .apply(distribute({ processingMode: "parallel_epochs", service: target })).reader();
  const { value: pid } = await reader.next();
  assert(isAlive(pid!));
  await reader[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await until(() => !isAlive(pid!), "the task's process has ended");
});

Deno.test("permissions are for isolated tasks", () => {
  const config = { dispatcherAddress: "localhost:1", permissions: { read: true } };
  const refused: [WorkerConfig, string][] = [
    [config, 'Cannot grant `permissions` where `isolation` is "none"'],
    [{ ...config, isolation: "process", permissions: { read: ["a,b"] } }, '`permissions.read` holds "a,b"'],
    [{ ...config, isolation: "thread" as "none" }, "isolation"],
    [{ ...config, isolation: "process", permissions: { reed: true } as never }, "reed"],
  ];
  for (const [wrong, message] of refused) {
    try {
      new WorkerServer(wrong, { start: false });
    } catch (error) {
      assert(error instanceof InvalidArgumentError && error.message.includes(message), String(error));
      continue;
    }
    throw new Error(`${JSON.stringify(wrong)} was taken`);
  }
});
