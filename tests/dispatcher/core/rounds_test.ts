import { assertEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError } from "../../../src/base/mod.ts";
import { findRemovable, removeTask } from "../../../src/dispatcher/core/maybe_remove_task.ts";
import { RemovalBarrier } from "../../../src/dispatcher/core/removal_barrier.ts";
import { workerUpdate } from "../../../src/dispatcher/core/worker_update.ts";
import { statusOf } from "../../../src/dispatcher/status.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { TestCore } from "../support.ts";

/** A core with a worker and a coordinated job of two consumers. */
function twoConsumers(): { core: TestCore; first: number; second: number } {
  const core = new TestCore();
  core.worker("w0:1");
  const job = core.job(ShardingPolicy.OFF, { name: "job", numConsumers: 2 });
  return { core, first: core.client(job), second: core.client(job) };
}

Deno.test("the documented example: both at 50, one too late for 51, both begin the new task in 53", () => {
  const { core, first, second } = twoConsumers();
  core.heartbeat(first, { currentRound: 50 });
  core.heartbeat(second, { currentRound: 50 });
  core.worker("w1:1");
  assertEquals(core.heartbeat(first, { currentRound: 50 }).blockRound, 51);
  assertEquals(core.heartbeat(second, { currentRound: 51 }).blockRound, 53);
  assertEquals(core.heartbeat(first, { currentRound: 50, blockedRound: 51 }).blockRound, 53);
  const { blockRound, tasks } = core.heartbeat(second, { currentRound: 52, blockedRound: 53 });
  assertEquals([blockRound, tasks.map(({ startingRound = 0 }) => startingRound)], [undefined, [0, 53]]);
  assertEquals(core.heartbeat(first, { currentRound: 50, blockedRound: 51 }).tasks.length, 2);
  assertEquals(core.replayed().state, core.state);
});

Deno.test("each refusal of a proposal doubles the step, and voids the promises for the one before", () => {
  const { core, first, second } = twoConsumers();
  core.worker("w1:1");
  assertEquals(core.heartbeat(first).blockRound, 0);
  core.heartbeat(first, { blockedRound: 0 });
  assertEquals(core.heartbeat(second, { currentRound: 0 }).blockRound, 2);
  assertEquals(core.heartbeat(second, { currentRound: 2 }).blockRound, 6);
  assertEquals(core.heartbeat(second, { currentRound: 7 }).blockRound, 15);
  assertEquals(core.heartbeat(second, { currentRound: 8, blockedRound: 15 }).blockRound, 15);
  assertEquals(core.heartbeat(first, { blockedRound: 0 }).blockRound, undefined);
});

Deno.test("further workers wait behind the first", () => {
  const { core, first, second } = twoConsumers();
  core.worker("w1:1");
  core.worker("w2:1");
  for (let i = 0; i < 2; i++) {
    for (const client of [first, second]) core.heartbeat(client, { blockedRound: 0 });
    assertEquals(core.heartbeat(first).tasks.length, 2 + i);
  }
});

Deno.test("a task whose worker went stays until the consumers agree, and a new one waits when it is back", () => {
  const { core, first } = twoConsumers();
  core.leave("w0:1");
  assertEquals(core.heartbeat(first).tasks.map(({ taskId }) => taskId), [4000]);
  const request = { taskId: 4000, consumerIndex: 0, round: 9, untakenRound: 9 };
  assertEquals(core.run(findRemovable, request), { kind: "present", numConsumers: 2 });
  core.run(removeTask, { taskId: 4000, round: 7 });
  assertEquals(core.run(findRemovable, request), { kind: "removed", round: 7 });
  assertEquals(core.heartbeat(first).tasks, []);
  const { newTasks } = core.worker("w0:1", { uid: "w0:1#2" });
  assertEquals(newTasks.map(({ taskId }) => taskId), [4001]);
  assertEquals(core.heartbeat(first).blockRound, 0);
  assertEquals(core.replayed().state, core.state);
});

Deno.test("a worker that is back before that has its task again, from the beginning", () => {
  const { core, first } = twoConsumers();
  core.leave("w0:1");
  const { newTasks } = core.worker("w0:1", { uid: "w0:1#2" });
  assertEquals(newTasks.map(({ taskId }) => taskId), [4000]);
  assertEquals(core.heartbeat(first).tasks.map(({ uid }) => uid), ["w0:1#2"]);
});

Deno.test("MaybeRemoveTask is for coordinated reads and their consumers", () => {
  const { core } = twoConsumers();
  const request = { taskId: 4000, consumerIndex: 2, round: 0, untakenRound: 0 };
  assertThrows(() => core.run(findRemovable, request), FailedPreconditionError, "2 consumers");
  core.client(core.job(ShardingPolicy.OFF));
  const plain = { ...request, taskId: 4001, consumerIndex: 0 };
  assertThrows(
    () => core.run(findRemovable, plain),
    FailedPreconditionError,
    "MaybeRemoveTask called on a non-round-robin task",
  );
  assertEquals(core.run(findRemovable, { ...plain, taskId: 99, round: 5 }), { kind: "removed", round: 5 });
});

Deno.test("what did not make a full round is counted for the iteration and its job", () => {
  const { core, first, second } = twoConsumers();
  core.worker("w1:1");
  for (const client of [first, second]) core.heartbeat(client, { blockedRound: 0 });
  for (const [address, taskId, dropped] of [["w0:1", 4000, 1], ["w1:1", 4001, 0]] as const) {
    const droppedElements = new Map([[taskId as number, dropped]]);
    core.run(workerUpdate, { address, completedTasks: [taskId], droppedElements });
  }
  assertEquals(core.state.jobs.get(5000)?.numDropped, 1);
  assertEquals(statusOf(core.state).iterations.map(({ finished, numDropped }) => [finished, numDropped]), [
    [true, 1],
  ]);
  assertEquals(core.replayed().state, core.state);
});

Deno.test("consumers give a task up from the first round that anyone lacks, if no program has begun it", () => {
  const equal = new RemovalBarrier(2);
  assertEquals(equal.arrive(0, { round: 5, untakenRound: 5 }), { kind: "waiting" });
  assertEquals(equal.arrive(1, { round: 5, untakenRound: 5 }), { kind: "agreed", round: 5 });
  const ahead = new RemovalBarrier(2);
  ahead.arrive(0, { round: 9, untakenRound: 4 });
  assertEquals(ahead.arrive(1, { round: 6, untakenRound: 3 }), { kind: "agreed", round: 6 });
  const apart = new RemovalBarrier(3);
  apart.arrive(0, { round: 9, untakenRound: 8 });
  assertEquals(apart.arrive(1, { round: 7, untakenRound: 7 }), { kind: "disagreed" });
  const left = new RemovalBarrier(2);
  left.arrive(0, { round: 5, untakenRound: 5 });
  left.leave(0);
  assertEquals(left.arrive(1, { round: 5, untakenRound: 5 }), { kind: "waiting" });
});
