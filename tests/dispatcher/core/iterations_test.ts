import { assertEquals, assertThrows } from "@std/assert";
import { NotFoundError } from "../../../src/base/mod.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, TestCore } from "../support.ts";

Deno.test("an iteration gets a task on each worker, with ids from 2000, 3000 and 4000", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  const { tasks, finished } = core.heartbeat(client);
  assertEquals(client, 3000);
  assertEquals(finished, false);
  assertEquals(tasks, [
    {
      taskId: 4000,
      iterationId: 2000,
      address: "a:1",
      dataAddresses: [],
      uid: "a:1#1",
      tags: [],
      finished: false,
    },
    {
      taskId: 4001,
      iterationId: 2000,
      address: "b:1",
      dataAddresses: [],
      uid: "b:1#1",
      tags: [],
      finished: false,
    },
  ]);
});

Deno.test("the tasks of a new iteration are pushed to their workers", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.client(core.job(ShardingPolicy.OFF));
  assertEquals(core.commands, [{ kind: "pushTask", taskId: 4000 }]);
});

Deno.test("tasks of several iterations are found by their worker and by their iteration", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  core.client(core.job(ShardingPolicy.OFF));
  core.client(core.job(ShardingPolicy.OFF));
  assertEquals(core.tasksOn("a:1"), [4000, 4002]);
  assertEquals(core.tasksOn("b:1"), [4001, 4003]);
  assertEquals([...core.state.iterations.get(2001)!.tasks], [4002, 4003]);
});

Deno.test("readers of one job and repetition share the iteration", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF, { name: "shared" });
  const [first, second] = [core.client(job), core.client(job)];
  assertEquals(core.state.clients.get(first)!.iterationId, core.state.clients.get(second)!.iterationId);
  assertEquals(core.state.iterations.get(2000)!.clients, 2);
  assertEquals(core.commands, []);
});

Deno.test("each repetition is an iteration of its own", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF);
  core.client(job);
  core.client(job, { repetition: 1 });
  assertEquals([...core.state.jobs.get(job)!.iterations], [[0, 2000], [1, 2001]]);
});

Deno.test("a repeated request joins as the same client", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF);
  const requestId = "0123456789abcdef";
  assertEquals(core.client(job, { requestId }), core.client(job, { requestId }));
  assertEquals(core.state.iterations.get(2000)!.clients, 1);
});

Deno.test("an iteration of a job that does not exist is not found", () => {
  assertThrows(() => new TestCore().client(5000), NotFoundError, "Job with id 5000 not found");
});

Deno.test("the only task's end is the iteration's", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.finish("a:1", 4000);
  assertEquals(core.heartbeat(client).finished, true);
  assertEquals(core.heartbeat(client).tasks.map((task) => task.finished), [true]);
});

Deno.test("an iteration is finished only after its last task", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.finish("b:1", 4001);
  assertEquals(core.heartbeat(client).finished, false);
  core.finish("a:1", 4000);
  assertEquals(core.heartbeat(client).finished, true);
});

Deno.test("an iteration without workers is not finished, and waits for one", () => {
  const core = new TestCore();
  const client = core.client(core.job(ShardingPolicy.OFF));
  assertEquals(core.heartbeat(client), { tasks: [], finished: false, readers: 1 });
  assertEquals(core.worker("a:1").newTasks.map((task) => task.taskId), [4000]);
  assertEquals(core.heartbeat(client).tasks.length, 1);
});

Deno.test("ending a task twice changes nothing, and a task that was never given out is not found", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.worker("b:1");
  core.client(core.job(ShardingPolicy.OFF));
  core.finish("a:1", 4000, 4000);
  const before = core.updates.length;
  core.finish("a:1", 4000);
  assertEquals(core.updates.length, before);
  assertThrows(() => core.finish("b:1", 4001, 4002), NotFoundError, "Task 4002 not found");
  assertEquals(core.state.tasks.get(4001)!.finished, false, "a bad id changes nothing");
});

Deno.test("a report of a task that is gone is not held against the worker", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.client(core.job(ShardingPolicy.OFF));
  core.leave("a:1");
  core.finish("a:1", 4000);
  assertEquals(core.state.tasks.size, 0);
});

Deno.test("a late joiner of a finished iteration gets no tasks and the end", () => {
  const core = new TestCore();
  core.worker("a:1");
  const job = core.job(ShardingPolicy.OFF, { name: "shared" });
  core.client(job);
  core.finish("a:1", 4000);
  const late = core.client(job);
  assertEquals(core.heartbeat(late), { tasks: [], finished: true, readers: 2 });
});

Deno.test("a repetition that was freed stays finished for late joiners", () => {
  const core = new TestCore({ jobGcTimeoutMs: 1_000 });
  core.worker("a:1");
  const job = core.job(ShardingPolicy.DYNAMIC, { name: "shared" });
  for (let repetition = 0; repetition < 3; repetition++) {
    const client = core.client(job, { repetition });
    core.finish("a:1", 4000 + repetition);
    core.release(client);
  }
  core.now += 1_000;
  core.collect();
  assertEquals([core.state.iterations.size, core.state.tasks.size], [0, 0]);
  assertEquals(core.state.jobs.get(job)!.finished, [[0, 2]]);
  const late = core.client(job, { repetition: 1 });
  assertEquals(core.heartbeat(late), { tasks: [], finished: true, readers: 1 });
  assertEquals(core.worker("a:1").newTasks, []);
  core.release(late);
  core.now += 1_000;
  core.collect();
  assertEquals(core.state.iterations.size, 0);
});

Deno.test("clients are counted, and forgotten when they leave", () => {
  const core = new TestCore();
  const job = core.job(ShardingPolicy.OFF, { name: "shared" });
  const [first, second] = [core.client(job), core.client(job)];
  assertEquals(core.state.iterations.get(2000)!.clients, 2);
  core.release(first);
  assertEquals([...core.state.clients.keys()], [second]);
  assertEquals(core.state.iterations.get(2000)!.clients, 1);
  assertEquals(core.state.iterations.get(2000)!.lastReleasedAt, core.now);
  assertThrows(() => core.release(first), NotFoundError, `Iteration client id not found: ${first}`);
});

Deno.test("a client that is not known is told so, with what a restart may have to do with it", () => {
  assertThrows(
    () => new TestCore({ durable: false }).heartbeat(3000),
    NotFoundError,
    "Unknown iteration client id 3000. The dispatcher is not configured to be fault tolerant, so this could be " +
      "caused by a dispatcher restart",
  );
  assertThrows(
    () => new TestCore({ durable: true }).heartbeat(3000),
    NotFoundError,
    "Iteration client id not found: 3000",
  );
});

Deno.test("the task list is made once for each change, not for each heartbeat", () => {
  const core = new TestCore();
  core.worker("a:1");
  const client = core.client(core.job(ShardingPolicy.OFF));
  const { tasks } = core.heartbeat(client);
  assertEquals(core.heartbeat(client).tasks === tasks, true);
  core.worker("b:1");
  assertEquals(core.heartbeat(client).tasks.length, 2);
});

Deno.test("the cache flag, the consumers and the repetition reach the task", () => {
  const core = new TestCore();
  const options = { name: "cached", useCrossTrainerCache: true, numConsumers: 2 };
  core.client(core.job(ShardingPolicy.OFF, options), { repetition: 3 });
  const [task] = core.worker("a:1").newTasks;
  assertEquals([task.useCrossTrainerCache, task.numConsumers, task.repetition], [true, 2, 3]);
});

Deno.test("a task of a dynamically sharded iteration says how many sources there are", () => {
  const core = new TestCore();
  core.client(core.job(ShardingPolicy.DYNAMIC), { sources: [indexes(1), indexes(-1)] });
  assertEquals(core.worker("a:1").newTasks[0].numSources, 2);
});

Deno.test("tasks go only to workers that run the dataset's format", () => {
  const core = new TestCore();
  core.worker("a:1", { formats: ["tensorflow"] });
  core.worker("b:1", { formats: ["tensorflow", "sluice"] });
  const client = core.client(core.job(ShardingPolicy.OFF));
  core.worker("c:1", { formats: ["other"] });
  assertEquals(core.heartbeat(client).tasks.map((task) => task.address), ["b:1"]);
});

Deno.test("a thousand idle iterations make room for new ones", () => {
  const core = new TestCore({ jobGcTimeoutMs: -1 });
  core.worker("a:1");
  const job = core.job(ShardingPolicy.OFF);
  for (let repetition = 0; repetition < 1_010; repetition++) {
    const client = core.client(job, { repetition });
    core.finish("a:1", ...core.tasksOn("a:1"));
    core.release(client);
  }
  assertEquals(core.state.iterations.size, 1_000);
  assertEquals(core.state.tasks.size, 1_000);
  assertEquals(core.state.jobs.get(job)!.finished, [[0, 1_009]]);
});
