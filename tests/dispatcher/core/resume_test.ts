import { assertEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError, UnavailableError } from "../../../src/base/mod.ts";
import type { ConsumedSource } from "../../../src/element/mod.ts";
import { GATHERING_MS } from "../../../src/dispatcher/core/resume.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, KEY, TestCore } from "../support.ts";

const had = (start: number, end: number, repetition = 0): ConsumedSource => ({
  source: 0,
  repetition,
  ranges: [{ start, end }],
  partial: [],
});
const OTHER_KEY = KEY.replace(/.$/, "4");
const OTHER_ORDER = KEY.replace("00000002", "00000009");

const checkpoint = (consumed: ConsumedSource[], options = {}) => ({
  key: OTHER_KEY,
  clientId: 3000,
  consumed,
  position: 0,
  readers: 1,
  ...options,
});

function dynamic(core: TestCore, name: string | null = null): number {
  return core.job(ShardingPolicy.DYNAMIC, { name, weakness: null });
}

/** Everything that a task leases of its source until the end. */
function drain(core: TestCore, taskId: number, repetition = 0, firstRequest = 1): [number, number][] {
  const ranges: [number, number][] = [];
  for (let requestId = firstRequest;; requestId++) {
    core.now += 1_000_000;
    const reply = core.splits({ taskId, repetition, requestId });
    if (reply.kind === "end") return ranges;
    for (const { start, end } of reply.splits) ranges.push([start, end]);
  }
}

const covered = (ranges: [number, number][]) =>
  ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i));

Deno.test("a new pass leaves out what the checkpoint of another one holds", () => {
  const core = new TestCore();
  core.worker("w0:1");
  const consumed = [had(0, 3), { ...had(5, 6), partial: [{ index: 8, offsets: [{ start: 0, end: 2 }] }] }];
  core.client(dynamic(core), { sources: [indexes(10)], checkpoint: checkpoint(consumed) });
  const lease = core.splits({ taskId: 4000, repetition: 0, requestId: 1 });
  assertEquals(lease.kind === "splits" && lease.splits.map(({ start, end }) => [start, end]), [[3, 5], [
    6,
    8,
  ]]);
  const rest = core.splits({ taskId: 4000, repetition: 0, requestId: 2 });
  assertEquals(rest.kind === "splits" && rest.splits[0].consumed?.partial, [
    { index: 8, offsets: [{ start: 0, end: 2 }] },
  ]);
});

Deno.test("passes over a source that were read to their ends are passed over", () => {
  const core = new TestCore();
  core.worker("w0:1");
  const consumed = [had(0, 4), had(0, 4, 1), had(0, 3, 2)];
  core.client(dynamic(core), { sources: [indexes(4)], checkpoint: checkpoint(consumed) });
  const end = { kind: "end", sourceIsEmpty: false, currentRepetition: 2 } as const;
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 1 }), end);
  assertEquals(covered(drain(core, 4000, 2, 2)), [3]);
  assertEquals(covered(drain(core, 4000, 3, 9)), [0, 1, 2, 3]);
});

Deno.test("a pass that others have begun leaves out from then on what a checkpoint holds", () => {
  const core = new TestCore();
  core.worker("w0:1");
  const job = dynamic(core, "shared");
  core.client(job, { sources: [indexes(8)] });
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // 0..4
  core.client(job, { sources: [indexes(8)], checkpoint: checkpoint([had(2, 7)]) });
  core.now += 1e6;
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 2 }), {
    kind: "split",
    start: 7,
    end: 8,
    names: [],
  });
});

Deno.test("splits wait until all readers have come with what they have, but not for ever", () => {
  for (const late of [false, true]) {
    const core = new TestCore();
    core.worker("w0:1");
    const job = dynamic(core, "shared");
    const join = (consumed: ConsumedSource[]) =>
      core.client(job, { sources: [indexes(8)], checkpoint: checkpoint(consumed, { readers: 2 }) });
    join([had(0, 3)]);
    const ask = () => core.splits({ taskId: 4000, repetition: 0, requestId: 1 });
    assertThrows(ask, UnavailableError, "1 of 2 readers have come with their checkpoints");
    if (late) core.now += GATHERING_MS;
    else join([had(3, 6)]);
    const lease = ask();
    const start = late ? 3 : 6;
    assertEquals(lease.kind === "splits" && lease.splits[0].start, start);
  }
});

Deno.test("in the iteration of the checkpoint everything after it is given again, and to nobody else's loss", () => {
  const core = new TestCore();
  core.worker("w0:1");
  const job = dynamic(core, "shared");
  const sources = [indexes(8)];
  const [first, second] = [core.client(job, { sources }), core.client(job, { sources })];
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // 0..4
  core.heartbeat(first, { consumed: [{ taskId: 4000, consumed: [had(0, 2)] }] });
  // It has taken 2 as well and was killed before it could say so; the other one has 3.
  const token = checkpoint([had(0, 1)], { key: KEY, clientId: first, readers: 2 });
  const heir = core.client(job, { sources, checkpoint: token });
  assertEquals(core.state.clients.has(first), false);
  assertEquals(core.heartbeat(second).lostTasks, [4000]);
  assertEquals(core.heartbeat(heir).lostTasks, []);
  core.heartbeat(second, { consumed: [{ taskId: 4000, consumed: [had(3, 4)] }], leftTasks: [4000] });
  const tasks = core.tasksOn("w0:1");
  assertEquals(covered(drain(core, tasks[0])).sort(), [1, 2, 4, 5, 6, 7]);

  // Once more from the same checkpoint: what the heir has got since is given again.
  core.heartbeat(heir, { consumed: [{ taskId: tasks[0], consumed: [had(1, 3)] }] });
  core.heartbeat(second, { consumed: [{ taskId: tasks[0], consumed: [had(4, 8)] }] });
  core.client(job, { sources, checkpoint: token });
  core.heartbeat(second, { leftTasks: [4000, ...tasks] });
  assertEquals(covered(core.tasksOn("w0:1").flatMap((task) => drain(core, task))).sort(), [1, 2]);
});

Deno.test("what ended tasks had and nobody named is given again to whoever goes on, but not what its checkpoint holds", () => {
  const core = new TestCore();
  core.worker("w0:1");
  core.worker("w1:1");
  const job = dynamic(core, "shared");
  const sources = [indexes(8)];
  const [first, second] = [core.client(job, { sources }), core.client(job, { sources })];
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // 0..2
  drain(core, 4001); // The others.
  core.finish("w0:1", 4000);
  // It had 0 and 1, and 2 of the other task, and had said nothing of that when it was killed; 1 is behind its checkpoint.
  core.client(job, {
    sources,
    checkpoint: checkpoint([had(0, 1), had(2, 3)], { key: KEY, clientId: first, readers: 2 }),
  });
  assertEquals(core.heartbeat(second).lostTasks, [4001, 4000]);
  core.heartbeat(second, { leftTasks: [4000, 4001] });
  const tasks = [...core.state.tasks.values()].filter(({ finished }) => !finished).map(({ id }) => id);
  assertEquals(covered(tasks.flatMap((task) => drain(core, task))).sort(), [1, 3, 4, 5, 6, 7]);
});

Deno.test("when the iteration of the checkpoint is over, what its reader got since is given to it alone", () => {
  const core = new TestCore();
  core.worker("w0:1");
  const job = dynamic(core, "shared");
  const sources = [indexes(8)];
  const [first, second] = [core.client(job, { sources }), core.client(job, { sources })];
  drain(core, 4000);
  core.heartbeat(first, { consumed: [{ taskId: 4000, consumed: [had(0, 5)] }] });
  core.finish("w0:1", 4000);
  const token = checkpoint([had(0, 2)], { key: KEY, clientId: first, readers: 2 });
  assertThrows(
    () => core.client(job, { sources, checkpoint: token }),
    UnavailableError,
    "client 3001 of the pass has not said all that it has got",
  );
  core.release(second, [{ taskId: 4000, consumed: [had(5, 7)] }]);
  const heir = core.client(job, { sources, checkpoint: token });
  // 7 is nobody's: the first reader was killed before it could say that it had it.
  const [taskId] = core.tasksOn("w0:1").filter((id) => id !== 4000);
  assertEquals(covered(drain(core, taskId)), [2, 3, 4, 7]);
  assertEquals(core.state.jobs.size, 2);
  core.finish("w0:1", taskId);
  assertEquals(core.heartbeat(heir).finished, true);
});

Deno.test("without sharding a checkpoint is a position, for one worker and an order that does not change", () => {
  const order = { kind: "deterministic" } as const;
  const token = { ...checkpoint([]), position: 7 };
  const core = new TestCore();
  const off = core.job(ShardingPolicy.OFF);
  const refused = (message: string, options: Parameters<TestCore["client"]>[1], job = off) =>
    assertThrows(
      () => core.client(job, { checkpoint: token, order, ...options }),
      FailedPreconditionError,
      message,
    );
  refused("0 workers are registered: it needs exactly one", {});
  core.worker("w0:1");
  refused("`shuffle` makes its order another one each time, because it has no seed", {
    order: { kind: "undetermined", operator: "shuffle", reason: "it has no seed" },
  });
  refused("does not tell whether its order is determined", { order: null });
  refused(
    "the readers of a named job divide the elements by chance",
    {},
    core.job(ShardingPolicy.OFF, { name: "a" }),
  );
  core.client(off, { checkpoint: token, order });
  const [task] = core.worker("w0:1", { currentTasks: [] }).newTasks;
  assertEquals([task.firstElement, task.tracksProvenance], [7, false]);
  assertEquals(core.worker("w1:1").newTasks, [], "another worker's elements would come on top");
  refused("2 workers are registered", { repetition: 1 });
  refused("the pass has begun", {});
});

Deno.test("checkpoints that a job cannot go on from are refused with the reason", () => {
  const core = new TestCore();
  core.worker("w0:1");
  const refused = (message: string, job: number, options: Parameters<TestCore["client"]>[1]) =>
    assertThrows(() => core.client(job, options), FailedPreconditionError, message);
  const token = checkpoint([had(0, 1)]);
  refused("in another order", dynamic(core), { checkpoint: { ...token, key: OTHER_ORDER } });
  const weak = core.job(ShardingPolicy.DYNAMIC, { weakness: { operator: "scan", reason: "it has a state" } });
  refused("`scan` makes it impossible, because it has a state", weak, { checkpoint: token });
  const data = core.job(ShardingPolicy.DATA, {});
  refused("sharding policy DATA gives each worker a part of its own", data, { checkpoint: token });
  assertThrows(
    () => core.client(dynamic(core), { checkpoint: { ...token, key: "mine" } }),
    InvalidArgumentError,
    "must be the key of an iteration",
  );
  const job = dynamic(core, "over");
  const client = core.client(job, { sources: [indexes(2)] });
  core.finish("w0:1", ...core.tasksOn("w0:1"));
  core.release(client);
  refused("what its other readers have got is not known any more", job, {
    checkpoint: { ...token, readers: 2 },
  });
  core.client(job, { checkpoint: token, sources: [indexes(2)] });
  assertEquals(covered(drain(core, core.tasksOn("w0:1").at(-1)!)), [1]);
});
