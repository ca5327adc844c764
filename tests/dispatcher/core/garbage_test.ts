import { assertEquals, assertThrows } from "@std/assert";
import { NotFoundError } from "../../../src/base/mod.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

Deno.test("an iteration whose clients have left is collected after its time", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF, { name: "shared" }));
  core.release(client);
  core.now += 299_999;
  assertEquals(core.collect(), []);
  core.now += 1;
  assertEquals(core.collect(), [2000]);
  assertEquals(core.worker("a:1", { currentTasks: [4000] }).tasksToDelete, [4000]);
  assertEquals([core.state.tasks.size, core.state.iterations.size], [0, 0]);
});

Deno.test("a pass over a job without a name ends with its last reader's leave: nobody else can join it", () => {
  for (const policy of [ShardingPolicy.OFF, ShardingPolicy.DYNAMIC]) {
    const core = new TestCore();
    core.worker("a:1");
    const job = core.job(policy);
    const [first, second] = [core.client(job), core.client(job)];
    core.release(first);
    assertEquals(core.worker("a:1", { currentTasks: [4000] }).tasksToDelete, []);
    core.release(second);
    assertEquals(core.worker("a:1", { currentTasks: [4000] }).tasksToDelete, [4000]);
    assertEquals([core.state.tasks.size, core.state.iterations.size, core.state.abandoned.size], [0, 0, 0]);
    const { guarantee, finished } = core.state.jobs.get(job)!;
    assertEquals([guarantee, finished], [policy === ShardingPolicy.OFF ? "none" : "exactly-once", [[0, 0]]]);
    // Whoever did join it would not see the same elements again.
    assertEquals(core.heartbeat(core.client(job)), { tasks: [], finished: true, readers: 1 });
  }
});

Deno.test("an iteration that is used is not collected", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF, { name: "shared" });
  const [first] = [core.client(job), core.client(job)];
  core.release(first);
  core.now += 1e9;
  assertEquals(core.collect(), []);
});

Deno.test("an iteration whose reader has not begun is not collected, and neither is its client", () => {
  const core = new TestCore();
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.now += 86_400_000 - 1;
  core.checkLiveness();
  assertEquals(core.collect(), []);
  assertEquals(core.heartbeat(client).finished, false);
  core.now += 299_999;
  core.collect();
  assertEquals(core.state.clients.size, 1, "one that has sent a heartbeat is looked after by that");
});

Deno.test("a client that never sends a heartbeat is given up after a day, and its iteration after that", () => {
  const core = new TestCore();
  core.client(core.job(ShardingPolicy.OFF));
  core.now += 86_400_000;
  core.collect();
  assertEquals(core.state.clients.size, 0);
  core.now += 300_000;
  assertEquals(core.collect(), [2000]);
});

Deno.test("a client that begins at once is released for its silence although it never sent a heartbeat", () => {
  const core = new TestCore();
  const client = core.client(core.job(ShardingPolicy.OFF), { begins: true });
  core.now += 299_999;
  core.checkLiveness();
  assertEquals([...core.state.clients.keys()], [client]);
  core.now += 1;
  core.checkLiveness();
  assertEquals(core.state.clients.size, 0);
});

Deno.test("a client that begins at once has 5 s for its first heartbeat, however short the timeout is", () => {
  const core = new TestCore({ clientTimeoutMs: 20 });
  const [silent, reading] = [0, 1].map(() => core.client(core.job(ShardingPolicy.OFF), { begins: true }));
  core.now += 4_999;
  core.checkLiveness();
  assertEquals([...core.state.clients.keys()], [silent, reading]);
  core.heartbeat(reading);
  core.now += 1;
  core.checkLiveness();
  assertEquals([...core.state.clients.keys()], [reading]);
  core.now += 19;
  core.checkLiveness();
  assertEquals(core.state.clients.size, 0, "from then on the timeout is what it says");
});

Deno.test("a client that has sent a heartbeat and falls silent is released", () => {
  const core = new TestCore();
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.heartbeat(client);
  core.now += 299_999;
  core.checkLiveness();
  assertEquals(core.state.clients.size, 1);
  core.now += 1;
  core.checkLiveness();
  assertEquals(core.state.clients.size, 0);
  assertThrows(() => core.heartbeat(client), NotFoundError, `${client}`);
  core.now += 300_000;
  assertEquals(core.collect(), [2000]);
});

Deno.test("workers are told of readers that fell silent, as long as the pass lasts, and not of those that took leave", () => {
  const core = new TestCore({ workerTimeoutMs: 1_000_000 });
  core.worker("a:1");
  const jobId = core.job(ShardingPolicy.DYNAMIC, { name: "shared" });
  const [lost, left, reading] = [core.client(jobId), core.client(jobId), core.client(jobId)];
  const other = core.client(core.job(ShardingPolicy.OFF));
  for (const client of [lost, left, reading, other]) core.heartbeat(client);
  const told = () => core.worker("a:1", { currentTasks: [4000, 4001] }).lostClients;
  core.release(left);
  assertEquals(told(), undefined);
  core.now += 200_000;
  for (const client of [reading, other]) core.heartbeat(client);
  core.now += 100_000;
  core.checkLiveness();
  assertEquals(told(), [{ taskId: 4000, clientIds: [lost] }]);
  assertEquals(told(), [{ taskId: 4000, clientIds: [lost] }], "an answer may be lost");
  assertEquals(
    core.worker("b:1").lostClients,
    undefined,
    "a task that is new to its worker has had no readers",
  );
  assertEquals(core.replayed().state.iterations.get(2000)!.lostClients, new Set([lost]));
});

Deno.test("of the readers that a pass lost, the last 1,024 are kept", () => {
  const core = new TestCore({ keepUpdates: false, workerTimeoutMs: 1_000_000 });
  core.worker("a:1");
  const jobId = core.job(ShardingPolicy.OFF, { name: "shared" });
  const clients = Array.from({ length: 1_030 }, () => core.client(jobId));
  for (const client of clients) core.heartbeat(client);
  core.now += 300_000;
  core.checkLiveness();
  const [{ clientIds }] = core.worker("a:1", { currentTasks: [4000] }).lostClients!;
  assertEquals(clientIds, clients.slice(6));
});

Deno.test("dynamically sharded iterations are collected only on request", () => {
  for (const gcDynamicShardingJobs of [false, true]) {
    const core = new TestCore({ gcDynamicShardingJobs });
    const job = core.job(ShardingPolicy.DYNAMIC, { name: "shared" });
    core.release(core.client(job));
    core.now += 300_000;
    assertEquals(core.collect(), gcDynamicShardingJobs ? [2000] : []);
    assertEquals(core.state.jobs.get(job)!.guarantee, gcDynamicShardingJobs ? "none" : "exactly-once");
  }
});

Deno.test("a timeout of -1 collects nothing", () => {
  const core = new TestCore({ jobGcTimeoutMs: -1 });
  core.release(core.client(core.job(ShardingPolicy.OFF, { name: "shared" })));
  core.now += 1e12;
  assertEquals(core.collect(), []);
});

Deno.test("a repetition that was collected begins from scratch", () => {
  const core = new TestCore();
  core.worker("a:1");
  const job = core.job(ShardingPolicy.OFF, { name: "shared" });
  core.release(core.client(job));
  core.now += 300_000;
  core.collect();
  const client = core.client(job);
  assertEquals(core.heartbeat(client), {
    tasks: [{
      taskId: 4001,
      iterationId: 2001,
      address: "a:1",
      dataAddresses: [],
      uid: "a:1#1",
      tags: [],
      finished: false,
    }],
    finished: false,
    readers: 1,
  });
});

Deno.test("after a replay everybody has a full timeout", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.heartbeat(core.client(core.job(ShardingPolicy.OFF)));
  const restarted = new TestCore();
  for (const update of core.updates) restarted.core.replay(update);
  restarted.now = core.now + 1e9;
  restarted.core.recovered(restarted.now);
  restarted.checkLiveness();
  assertEquals([restarted.state.clients.size, restarted.state.workers.get("a:1")!.lostAt], [1, null]);
  restarted.now += 300_000;
  restarted.checkLiveness();
  assertEquals([restarted.state.clients.size, restarted.state.workers.get("a:1")!.lostAt], [
    0,
    restarted.now,
  ]);
});
