import { assertEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import { getWorkers } from "../../../src/dispatcher/core/read_only.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

const addresses = (core: TestCore) => core.run(getWorkers, null).map((worker) => worker.address);

Deno.test("a worker is registered by its first heartbeat, without tasks", () => {
  const core = new TestCore();
  assertEquals(core.worker("a:1", { tags: ["COLOCATED"] }), { newTasks: [], tasksToDelete: [] });
  assertEquals(core.state.workers.get("a:1")!.tags, ["COLOCATED"]);
  assertEquals(core.tasksOn("a:1"), []);
});

Deno.test("further heartbeats write nothing", () => {
  const core = new TestCore();
  core.worker("a:1");
  const before = core.updates.length;
  core.worker("a:1");
  assertEquals(core.updates.length, before);
});

Deno.test("workers are listed in the order of their coming", () => {
  const core = new TestCore();
  assertEquals(addresses(core), []);
  core.worker("b:1");
  core.worker("a:1");
  assertEquals(addresses(core), ["b:1", "a:1"]);
});

Deno.test("empty tags are refused", () => {
  assertThrows(
    () => new TestCore().worker("a:1", { tags: ["x", ""] }),
    FailedPreconditionError,
    "Worker tags cannot be empty",
  );
});

Deno.test("a worker is told what it lacks and what it has in excess", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.client(core.job(ShardingPolicy.OFF));
  core.client(core.job(ShardingPolicy.OFF));
  const { newTasks, tasksToDelete } = core.worker("a:1", { currentTasks: [4001, 17] });
  assertEquals(newTasks.map((task) => task.taskId), [4000]);
  assertEquals(tasksToDelete, [17]);
});

Deno.test("a worker that joins before the end gets a task, after the end none", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.worker("b:1");
  core.finish("a:1", 4000);
  assertEquals(core.heartbeat(client).finished, false);
  core.finish("b:1", 4001);
  assertEquals(core.worker("c:1").newTasks, []);
  assertEquals(core.heartbeat(client).finished, true);
});

Deno.test("a worker keeps ended tasks until no reader is left", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.finish("a:1", 4000);
  assertEquals(core.worker("a:1", { currentTasks: [4000] }).tasksToDelete, []);
  core.release(client);
  assertEquals(core.worker("a:1", { currentTasks: [4000] }).tasksToDelete, [4000]);
});

Deno.test("an ended task is not begun again by a worker that forgot it", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  core.client(core.job(ShardingPolicy.OFF));
  core.finish("a:1", 4000);
  assertEquals(core.worker("a:1", { currentTasks: [] }).newTasks, []);
});

Deno.test("a silent worker is lost and its running tasks end", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.finish("b:1", 4001);
  core.now += 30_000;
  core.worker("b:1");
  core.now += 30_000;
  core.checkLiveness();
  assertEquals([...core.state.workers.values()].map((worker) => worker.lostAt), [core.now, null]);
  assertEquals(addresses(core), ["b:1"]);
  assertEquals(core.heartbeat(client).finished, true, "nobody waits for a lost worker");
  assertEquals(core.heartbeat(client).tasks.map((task) => task.address), ["b:1"]);
});

Deno.test("a worker is not lost before its time, nor while it answers", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.now += 59_999;
  core.checkLiveness();
  core.now += 1;
  core.checkLiveness(["a:1"]);
  core.now += 59_999;
  core.checkLiveness();
  assertEquals(core.state.workers.get("a:1")!.lostAt, null);
  core.now += 1;
  core.checkLiveness();
  assertEquals(core.state.workers.get("a:1")!.lostAt, core.now);
});

Deno.test("time in which the dispatcher was held up counts as nobody's silence", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.now += 90_000;
  core.core.excuse(90_000);
  core.checkLiveness();
  assertEquals(core.state.workers.get("a:1")!.lostAt, null);
});

Deno.test("an iteration that lost all its workers before any end waits for others", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.now += 60_000;
  core.checkLiveness();
  assertEquals(core.heartbeat(client), { tasks: [], finished: false, readers: 1 });
  assertEquals(core.worker("b:1").newTasks.map((task) => task.taskId), [4001]);
});

Deno.test("a lost worker that comes back ends its old tasks and gets new ones", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.client(core.job(ShardingPolicy.OFF));
  core.now += 60_000;
  core.checkLiveness();
  const { newTasks, tasksToDelete } = core.worker("a:1", { currentTasks: [4000] });
  assertEquals(newTasks.map((task) => task.taskId), [4001]);
  assertEquals(tasksToDelete, [4000]);
  assertEquals(addresses(core), ["a:1"]);
});

Deno.test("a lost worker is forgotten after ten minutes", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.now += 60_000;
  core.checkLiveness();
  core.now += 599_999;
  core.checkLiveness();
  assertEquals(core.state.workers.size, 1);
  core.now += 1;
  core.checkLiveness();
  assertEquals(core.state.workers.size, 0);
});

Deno.test("another process under a known address gets the same tasks anew", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  const { newTasks } = core.worker("a:1", { uid: "a:1#2", currentTasks: [] });
  assertEquals(newTasks.map((task) => task.taskId), [4000]);
  assertEquals(core.heartbeat(client).tasks.map((task) => [task.taskId, task.uid]), [[4000, "a:1#2"]]);
});

Deno.test("another process does not run again what the former one ran to the end", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.finish("a:1", 4000);
  assertEquals(core.worker("a:1", { uid: "a:1#2", currentTasks: [] }).newTasks, []);
  assertEquals(core.heartbeat(client).tasks.map((task) => task.taskId), [4001]);
  core.leave("a:1", "a:1#2");
  assertEquals(core.worker("a:1", { uid: "a:1#3", currentTasks: [] }).newTasks, []);
  core.finish("b:1", 4001);
  assertEquals(core.heartbeat(client).finished, true);
});

Deno.test("a worker that takes its leave goes from the list, and its tasks with it", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.leave("a:1");
  assertEquals(core.state.workers.size, 0);
  assertEquals(core.heartbeat(client), { tasks: [], finished: false, readers: 1 });
  core.leave("a:1"); // nobody is there any more
});

Deno.test("the leave of a former process is not the present one's", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("a:1", { uid: "a:1#2" });
  core.leave("a:1", "a:1#1");
  assertEquals(addresses(core), ["a:1"]);
});

Deno.test("a worker with tasks of a dispatcher that forgot them gets ids above theirs", () => {
  const core = new TestCore();
  core.client(core.job(ShardingPolicy.OFF));
  const { newTasks, tasksToDelete } = core.worker("a:1", { currentTasks: [4000, 4007] });
  assertEquals(tasksToDelete, [4000, 4007]);
  assertEquals(newTasks.map((task) => task.taskId), [4008]);
});

Deno.test("a task can only be ended by its own worker", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  core.client(core.job(ShardingPolicy.OFF));
  assertThrows(
    () => core.finish("b:1", 4000),
    InvalidArgumentError,
    "Cannot end task 4000 for worker b:1: it is a:1's",
  );
});

Deno.test("in a fixed list of workers each gets its place, and hosts without a port take any", () => {
  const core = new TestCore({ workerAddresses: ["a", "b:%port%", "c:7", "a:%port_worker%"] });
  core.client(core.job(ShardingPolicy.DATA));
  const shard = (address: string) => core.worker(address).newTasks.map((task) => task.shard);
  assertEquals(shard("c:7"), [{ index: 2, count: 4 }]);
  assertEquals(shard("a:5000"), [{ index: 0, count: 4 }]);
  assertEquals(shard("b:5000"), [{ index: 1, count: 4 }]);
  assertEquals(shard("a:5001"), [{ index: 3, count: 4 }]);
});

Deno.test("a worker that is not in the list, or one too many on its host, is refused", () => {
  const core = new TestCore({ workerAddresses: ["localhost:%port%"] });
  const words = (address: string) =>
    `Failed to assign an index for worker ${address}. The worker's address is not configured, or other workers are ` +
    "already running at the configured host";
  assertThrows(() => core.worker("fake:1"), FailedPreconditionError, words("fake:1"));
  core.worker("localhost:1");
  assertThrows(() => core.worker("localhost:2"), FailedPreconditionError, words("localhost:2"));
  assertEquals(core.worker("localhost:1").tasksToDelete, [], "the one that has the place may go on");
  assertEquals(core.state.workers.has("localhost:2"), false);
});

Deno.test("the place of a worker that went is free for one on another port", () => {
  const core = new TestCore({ workerAddresses: ["localhost", "localhost"] });
  core.worker("localhost:1");
  core.worker("localhost:2");
  core.leave("localhost:1");
  core.worker("localhost:3");
  assertEquals(core.state.workers.get("localhost:3")!.slot, 0);
  core.now += 60_000;
  core.worker("localhost:3");
  core.checkLiveness();
  core.worker("localhost:4");
  assertEquals(core.state.workers.get("localhost:4")!.slot, 1);
  assertThrows(() => core.worker("localhost:2"), FailedPreconditionError);
});

Deno.test("static sharding without a list of workers is refused", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.FILE_OR_DATA);
  const error = assertThrows(() => core.client(job), NotFoundError);
  assertEquals(/Failed to shard dataset.* Worker .* is not in the workers list/.test(error.message), true);
  core.worker("a:1");
  assertThrows(() => core.client(job), NotFoundError, "Worker a:1 is not in the workers list");
});

Deno.test("a lost worker takes the guarantee of its job with it, as far as it held anything", () => {
  const core = new TestCore({ workerAddresses: ["a", "b"] });
  const jobs = [ShardingPolicy.OFF, ShardingPolicy.DYNAMIC, ShardingPolicy.DYNAMIC, ShardingPolicy.DATA]
    .map((policy) => core.job(policy));
  for (const job of jobs) core.client(job);
  core.worker("a:1");
  core.split({ taskId: 4001, repetition: 0, requestId: 1 });
  core.leave("a:1");
  assertEquals(
    jobs.map((job) => core.state.jobs.get(job)!.guarantee),
    ["none", "at-most-once", "exactly-once", "none"],
  );
});
