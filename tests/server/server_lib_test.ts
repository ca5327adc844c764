import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DispatchServer,
  FailedPreconditionError,
  InvalidArgumentError,
  UnavailableError,
  WorkerServer,
} from "../../mod.ts";

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function withWorkDir(run: (workDir: string) => Promise<void>): Promise<void> {
  const workDir = await Deno.makeTempDir();
  try {
    await run(workDir);
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}

Deno.test("6.17-1 testStartDispatcher", async () => {
  await using dispatcher = new DispatchServer({}, { start: false });
  await dispatcher.start();
  assertEquals(dispatcher.status().workers, []);
});

Deno.test("6.17-2 testStartDispatcherWithPortConfig", async () => {
  const port = freePort();
  await using dispatcher = await DispatchServer.start({ port });
  assertEquals([dispatcher.target, dispatcher.address], [`http://localhost:${port}`, `localhost:${port}`]);
});

Deno.test("6.17-3 testStartDispatcherWithWorkDirConfig", async () => {
  await withWorkDir(async (workDir) => {
    await using dispatcher = await DispatchServer.start({ workDir });
    assertEquals(dispatcher.status().workers, []);
  });
});

Deno.test("6.17-4 testStartDispatcherWithFaultTolerantConfig", async () => {
  await withWorkDir(async (workDir) => {
    await using dispatcher = await DispatchServer.start({ workDir, faultTolerantMode: true });
    assertEquals(dispatcher.status().workers, []);
  });
});

Deno.test("6.17-5 testStartDispatcherWithWrongFaultTolerantConfig", () => {
  assertThrows(
    () => new DispatchServer({ faultTolerantMode: true }),
    InvalidArgumentError,
    "Cannot enable fault tolerant mode without configuring a work dir",
  );
});

Deno.test("6.17-6 testMultipleStartDispatcher", async () => {
  await using dispatcher = new DispatchServer({}, { start: true });
  const { target } = dispatcher;
  await dispatcher.start();
  await dispatcher.start();
  assertEquals(dispatcher.target, target);
});

Deno.test("6.17-7 testStartWorker", async () => {
  await using dispatcher = await DispatchServer.start();
  await using worker = new WorkerServer({ dispatcherAddress: dispatcher.address }, { start: false });
  assertEquals(dispatcher.status().workers, []);
  await worker.start();
  assertEquals(dispatcher.status().workers.map(({ address }) => address), [worker.address]);
});

Deno.test("6.17-8 testStartWorkerWithPortConfig", async () => {
  const port = freePort();
  await using dispatcher = await DispatchServer.start();
  await using worker = await WorkerServer.start({ dispatcherAddress: dispatcher.target, port });
  assertEquals(worker.address, `localhost:${port}`);
  await assertRejects(
    () => WorkerServer.start({ dispatcherAddress: dispatcher.target, port }),
    UnavailableError,
    String(port),
  );
});

Deno.test("6.17-9 testMultipleStartWorker", async () => {
  await using dispatcher = await DispatchServer.start();
  await using worker = new WorkerServer({ dispatcherAddress: dispatcher.address }, { start: true });
  await worker.start();
  await worker.start();
  assertEquals(dispatcher.status().workers.length, 1);
});

Deno.test("6.17-10 testStopDispatcher", async () => {
  const dispatcher = await DispatchServer.start();
  await dispatcher.stop();
  await dispatcher.stop();
});

Deno.test("6.17-11 testStopWorker", async () => {
  await using dispatcher = await DispatchServer.start();
  const worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  await worker.stop();
  await worker.stop();
  assertEquals(dispatcher.status().workers, []);
});

Deno.test("6.17-12 testStopStartDispatcher", async () => {
  const dispatcher = await DispatchServer.start();
  await dispatcher.stop();
  await assertRejects(
    () => dispatcher.start(),
    FailedPreconditionError,
    "Server cannot be started after it has been stopped",
  );
});

Deno.test("6.17-13 testStopStartWorker", async () => {
  await using dispatcher = await DispatchServer.start();
  const worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  await worker.stop();
  await assertRejects(
    () => worker.start(),
    FailedPreconditionError,
    "Server cannot be started after it has been stopped",
  );
});

Deno.test("6.17-14 testJoinDispatcher", async () => {
  const dispatcher = await DispatchServer.start();
  await dispatcher.stop();
  await dispatcher.join();
});

Deno.test("6.17-15 testJoinWorker", async () => {
  await using dispatcher = await DispatchServer.start();
  const worker = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  const joined = worker.join();
  await worker.stop();
  await joined;
});

Deno.test("6.17-16 testDispatcherNumWorkers", async () => {
  await using dispatcher = await DispatchServer.start();
  const count = () => dispatcher.status().workers.length;
  assertEquals(count(), 0);
  await using _first = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  assertEquals(count(), 1);
  await using _second = await WorkerServer.start({ dispatcherAddress: dispatcher.address });
  assertEquals(count(), 2);
});
