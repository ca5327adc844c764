import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type TaskIdentity, TaskTable } from "../../../src/worker/core/task_table.ts";

function task(taskId: bigint, iterationId = 1n, datasetId = "d"): TaskIdentity {
  return { taskId, iterationId, datasetId };
}

Deno.test("a task is started once, by whichever way it comes first", () => {
  const table = new TaskTable();
  assertEquals(table.add(task(1n)), [{ kind: "start", definition: task(1n) }]);
  assertEquals(table.heartbeatAnswered({ newTasks: [task(1n), task(2n)], tasksToDelete: [] }), [
    { kind: "start", definition: task(2n) },
  ]);
  assertEquals(table.current(), [1n, 2n]);
  assertEquals(table.size, 2);
});

Deno.test("a task that the dispatcher ends is stopped, and remembered as ended", () => {
  const table = new TaskTable();
  table.add(task(1n));
  const answer = { newTasks: [], tasksToDelete: [1n, 7n] };
  assertEquals(table.heartbeatAnswered(answer), [{ kind: "stop", taskId: 1n }]);
  assertEquals(table.state(1n), { kind: "deleted" });
  assertEquals(table.state(7n), undefined);
  assertEquals(table.heartbeatAnswered(answer), []);
  assertEquals(table.complete(1n), false, "what has ended cannot be completed");
  assertEquals(table.current(), []);
});

Deno.test("a completed task stays current until the dispatcher has heard of it", () => {
  const table = new TaskTable();
  table.add(task(1n));
  assertEquals(table.complete(1n), true);
  assertEquals(table.complete(1n), false);
  assertEquals([table.unreported(), table.current(), table.size], [[1n], [1n], 0]);
  assertEquals(table.add(task(1n)), [], "the dispatcher did not know yet");
  table.reported([1n]);
  assertEquals([table.unreported(), table.current()], [[], []]);
  assertEquals(table.state(1n), { kind: "completed", iterationId: 1n, reported: true });
});

Deno.test("nobody is told of a completed task that the dispatcher has forgotten", () => {
  const table = new TaskTable();
  table.add(task(1n));
  table.complete(1n);
  assertEquals(table.heartbeatAnswered({ newTasks: [], tasksToDelete: [1n] }), []);
  assertEquals(table.state(1n), { kind: "completed", iterationId: 1n, reported: true });
});

Deno.test("an id that a new dispatcher gives out again is another task", () => {
  const table = new TaskTable();
  table.add(task(1n, 1n));
  assertEquals(table.add(task(1n, 2n)), [
    { kind: "stop", taskId: 1n },
    { kind: "start", definition: task(1n, 2n) },
  ]);
  const same = task(1n, 2n);
  assertEquals(table.heartbeatAnswered({ newTasks: [same], tasksToDelete: [1n] }), [
    { kind: "stop", taskId: 1n },
    { kind: "start", definition: same },
  ]);
  table.complete(1n);
  table.reported([1n]);
  assertEquals(table.add(same), [{ kind: "start", definition: same }]);
});

Deno.test("only the latest ended tasks are remembered, but none is forgotten before it is reported", () => {
  const table = new TaskTable({ maxEnded: 2 });
  for (const id of [1n, 2n, 3n, 4n]) {
    table.add(task(id));
    table.complete(id);
  }
  assertEquals(table.unreported(), [1n, 2n, 3n, 4n]);
  table.reported([1n, 2n, 3n]);
  assertEquals([1n, 2n, 3n, 4n].map((id) => table.state(id)?.kind), [
    undefined,
    "completed",
    "completed",
    "completed",
  ]);
});

Deno.test("following its commands, the holder runs exactly the tasks that the table has running", () => {
  const order = fc.record({
    kind: fc.constantFrom("add", "delete", "complete", "report"),
    id: fc.bigInt(0n, 4n),
    iteration: fc.bigInt(0n, 1n),
  });
  fc.assert(fc.property(fc.array(order, { maxLength: 60 }), (orders) => {
    const table = new TaskTable({ maxEnded: 2 });
    const runs = new Map<bigint, TaskIdentity>();
    for (const { kind, id, iteration } of orders) {
      const commands = kind === "add"
        ? table.add(task(id, iteration))
        : kind === "delete"
        ? table.heartbeatAnswered({ newTasks: [], tasksToDelete: [id] })
        : [];
      if (kind === "complete" && table.complete(id)) runs.delete(id);
      if (kind === "report") table.reported([id]);
      for (const command of commands) {
        if (command.kind === "stop") assert(runs.delete(command.taskId), "only what runs is stopped");
        else {
          assert(!runs.has(command.definition.taskId), "what runs is not started again");
          runs.set(command.definition.taskId, command.definition);
        }
      }
      assertEquals(new Set(table.running()), new Set(runs.values()));
    }
  }));
});
