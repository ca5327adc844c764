import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import type { ConsumedSource } from "../../../src/element/mod.ts";
import { checkLiveness } from "../../../src/dispatcher/core/tick.ts";
import { MAX_PIECES } from "../../../src/dispatcher/core/get_split.ts";
import { statusOf } from "../../../src/dispatcher/status.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, TestCore, type TestCoreOptions } from "../support.ts";

/** Indexes from `start` to `end`, as readers say that they have them. */
const had = (start: number, end: number, repetition = 0): ConsumedSource[] => [
  { source: 0, repetition, ranges: [{ start, end }], partial: [] },
];

/** A job whose pipeline tells what its elements are made of, on some workers: their tasks are 4000, 4001, ... */
function tracked(count: number, workers = 2, options: TestCoreOptions & { name?: string } = {}): TestCore {
  const { name = null, ...settings } = options;
  const core = new TestCore(settings);
  for (let i = 0; i < workers; i++) core.worker(`w${i}:1`);
  core.client(core.job(ShardingPolicy.DYNAMIC, { name, weakness: null }), { sources: [indexes(count)] });
  return core;
}

const guaranteeOf = (core: TestCore) => [...core.state.jobs.values()].map(({ guarantee }) => guarantee);

Deno.test("what a lost worker had and no reader has is leased again, when its readers take nothing more of it", () => {
  const core = tracked(16);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // 0..4
  core.split({ taskId: 4001, repetition: 0, requestId: 1 }); // 4..7
  core.heartbeat(3000, { consumed: [{ taskId: 4000, consumed: had(0, 1) }] });
  core.leave("w0:1");
  const view = core.heartbeat(3000);
  assertEquals([view.tasks.map(({ taskId }) => taskId), view.lostTasks, view.recovering], [
    [4001],
    [4000],
    true,
  ]);
  assertEquals(core.tasksOn("w1:1"), [4001], "nobody gets it before the reader has said what it has");

  const after = core.heartbeat(3000, {
    consumed: [{ taskId: 4000, consumed: had(1, 2) }],
    leftTasks: [4000],
  });
  assertEquals(after.tasks.map(({ taskId }) => taskId), [4001, 4002]);
  assertEquals([after.lostTasks, after.recovering], [[], true]);
  assertEquals(core.commands, [{ kind: "pushTask", taskId: 4002 }]);
  // First of all, whoever asks, and whichever pass is asked for.
  assertEquals(core.splits({ taskId: 4001, repetition: 7, requestId: 2 }), {
    kind: "splits",
    splits: [{ start: 2, end: 3, names: [], repetition: 0, consumed: null }],
  });
  assertEquals(core.split({ taskId: 4002, repetition: 0, requestId: 1 }), {
    kind: "split",
    start: 3,
    end: 4,
    names: [],
  });
  assertEquals(core.heartbeat(3000).recovering, undefined);
  assertEquals(
    core.split({ taskId: 4002, repetition: 0, requestId: 2 }),
    { kind: "end", sourceIsEmpty: true, currentRepetition: 0 },
    "what is made for the rest ends with it",
  );
  assertEquals(guaranteeOf(core), ["exactly-once"]);
});

Deno.test("an iteration is not over while something waits to be leased again", () => {
  const core = tracked(4);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // 0..1
  core.leave("w0:1");
  core.finish("w1:1", 4001);
  assertEquals(core.heartbeat(3000).finished, false);
  core.heartbeat(3000, { leftTasks: [4000] });
  assertEquals(core.tasksOn("w1:1"), [4001, 4002], "also of a worker whose own part is over");
  assertEquals(core.heartbeat(3000).finished, false);
  core.split({ taskId: 4002, repetition: 0, requestId: 1 });
  core.finish("w1:1", 4002);
  assertEquals(core.heartbeat(3000).finished, true);
});

Deno.test("readers that leave or fall silent are not awaited, and nobody is where there are none", () => {
  const core = tracked(16, 2, { name: "shared", clientTimeoutMs: 1_000 });
  const job = core.state.iterations.get(2000)!.jobId;
  core.client(job);
  for (const client of [3000, 3001]) core.heartbeat(client);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.leave("w0:1");
  core.release(3000, [{ taskId: 4000, consumed: had(0, 4) }]);
  assertEquals(core.tasksOn("w1:1"), [4001]);
  core.now += 1_000;
  core.checkLiveness();
  assertEquals(core.tasksOn("w1:1"), [4001], "all of it is taken: there is nothing to make again");
  assertEquals(core.heartbeat(core.client(job)).recovering, undefined);

  core.split({ taskId: 4001, repetition: 0, requestId: 1 });
  for (const id of core.state.clients.keys()) core.release(id);
  core.worker("w2:1");
  core.leave("w1:1");
  const pending = core.state.iterations.get(2000)!.sources[0].pending.get(0)!.indexes;
  assertEquals(pending.length, 2);
});

Deno.test("a reader that was killed before its first heartbeat holds nothing up for longer than a silent one", () => {
  const core = tracked(4, 2, { clientTimeoutMs: 5_000 });
  core.client(core.state.iterations.get(2000)!.jobId);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  const heard = () => core.heartbeat(3000, { leftTasks: [4000] });
  core.now += 5_000;
  heard();
  assertEquals(core.run(checkLiveness, null).releasedClients, [], "its program may wait to read");
  core.leave("w0:1");
  heard();
  assertEquals(core.tasksOn("w1:1"), [4001]);
  assertEquals(core.run(checkLiveness, null).releasedClients, [3001]);
  assertEquals(core.tasksOn("w1:1"), [4001, 4002]);
});

Deno.test("what is said twice, late, or of others' tasks changes nothing", () => {
  const core = tracked(16);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  const report = { consumed: [{ taskId: 4000, consumed: had(0, 2) }] };
  core.heartbeat(3000, report);
  const known = core.updates.length;
  core.heartbeat(3000, report);
  core.heartbeat(3000, {
    consumed: [{ taskId: 4001, consumed: had(0, 9) }, { taskId: 77, consumed: had(0, 1) }],
  });
  core.heartbeat(3000, { leftTasks: [4000, 77], starvedTasks: [4000, 77] });
  core.heartbeat(3000, { consumed: [{ taskId: 4000, consumed: [{ ...had(0, 9)[0], source: 5 }] }] });
  assertEquals(core.updates.length, known);
});

Deno.test("a reader that knows nothing of lost tasks leaves them with its next heartbeat", () => {
  const core = tracked(4);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.leave("w0:1");
  assertEquals(core.heartbeat(3000).lostTasks, [4000]);
  assertEquals(core.heartbeat(3000, { leavesLost: true }).lostTasks, []);
  assertEquals(core.updates.filter(({ type }) => type === "leaveTask"), [
    { type: "leaveTask", clientId: 3000, taskId: 4000 },
  ]);
});

Deno.test("without a worker the rest waits for one that comes", () => {
  const core = tracked(16, 1);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.leave("w0:1");
  core.heartbeat(3000, { leftTasks: [4000] });
  assertEquals([...core.state.needy], [2000]);
  assertEquals(core.worker("w5:1").newTasks.map(({ taskId }) => taskId), [4001]);
  assertEquals([...core.state.needy], []);
  assertEquals(core.split({ taskId: 4001, repetition: 0, requestId: 1 }).kind, "split");
});

Deno.test("another process under a worker's address begins another task: no element of the former run passes for its own", () => {
  const core = tracked(16, 1);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  const { newTasks, tasksToDelete } = core.worker("w0:1", { uid: "w0:1#2", currentTasks: [] });
  assertEquals([newTasks.map(({ taskId }) => taskId), tasksToDelete], [[4001], []]);
  assertEquals(core.heartbeat(3000).lostTasks, [4000]);
});

Deno.test("outputs of an index that readers have are left out when it is leased again", () => {
  const core = tracked(4, 2);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // index 0
  const some: ConsumedSource = {
    source: 0,
    repetition: 0,
    ranges: [],
    partial: [{ index: 0, offsets: [{ start: 0, end: 3 }] }],
  };
  core.heartbeat(3000, { consumed: [{ taskId: 4000, consumed: [some] }] });
  core.leave("w0:1");
  core.heartbeat(3000, { leftTasks: [4000] });
  assertEquals(core.splits({ taskId: 4002, repetition: 0, requestId: 1 }), {
    kind: "splits",
    splits: [{ start: 0, end: 1, names: [], repetition: 0, consumed: some }],
  });
});

Deno.test("crumbs come many at a time, but not without bound", () => {
  const core = tracked(16_000, 1);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 }); // 0..8000
  const crumbs = Array.from({ length: 4_000 }, (_, i) => ({ start: 2 * i, end: 2 * i + 1 }));
  core.heartbeat(3000, {
    consumed: [{ taskId: 4000, consumed: [{ source: 0, repetition: 0, ranges: crumbs, partial: [] }] }],
  });
  core.worker("w0:1", { uid: "w0:1#2", currentTasks: [] });
  core.heartbeat(3000, { leftTasks: [4000] });
  const lease = core.splits({ taskId: 4001, repetition: 0, requestId: 1 });
  assertEquals(lease.kind === "splits" && lease.splits.length, MAX_PIECES);
});

Deno.test("a drained worker has no tasks, gets none, and is told to end", () => {
  const core = tracked(16);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.drain("w0:1");
  core.drain("w0:1");
  assertEquals(core.worker("w0:1", { currentTasks: [4000] }), {
    newTasks: [],
    tasksToDelete: [4000],
    drain: true,
  });
  core.heartbeat(3000, { leftTasks: [4000] });
  assertEquals(core.tasksOn("w0:1"), []);
  core.client(core.job(ShardingPolicy.OFF));
  assertEquals(core.tasksOn("w0:1"), []);
  assertEquals(statusOf(core.state, new Map()).workers.map(({ draining }) => draining), [true, undefined]);
  // Cut off for a while, it is still to end; its successor is not.
  core.now += 60_000;
  core.worker("w1:1");
  core.checkLiveness();
  assertEquals(core.worker("w0:1", { currentTasks: [] }).drain, true);
  assertEquals(core.worker("w0:1", { uid: "w0:1#2", currentTasks: [] }).drain, undefined);
  assertThrows(() => core.drain("w7:1"), NotFoundError, "Worker w7:1 not found. Registered: w0:1, w1:1");
});

Deno.test("a task that makes no progress while a reader waits for it is given to another worker", () => {
  const core = tracked(16, 2, { leaseTimeoutMs: 1_000, workerTimeoutMs: 1e9, clientTimeoutMs: 1e9 });
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  const starving = { starvedTasks: [4000, 4001] };
  core.heartbeat(3000, starving);
  core.now += 999;
  core.checkLiveness();
  assertEquals(core.tasksOn("w0:1"), [4000]);
  // Progress of any kind gives it time anew.
  core.heartbeat(3000, { ...starving, consumed: [{ taskId: 4000, consumed: had(0, 1) }] });
  core.now += 999;
  core.checkLiveness();
  core.split({ taskId: 4000, repetition: 0, requestId: 2 });
  core.heartbeat(3000, starving);
  core.now += 999;
  core.checkLiveness();
  // So does a reader that does not wait any more.
  core.heartbeat(3000);
  core.heartbeat(3000, starving);
  core.now += 999;
  core.checkLiveness();
  assertEquals(core.tasksOn("w0:1"), [4000]);
  core.now += 1;
  core.checkLiveness();
  assertEquals(core.worker("w0:1", { currentTasks: [4000] }).tasksToDelete, [4000]);
  assertEquals(core.tasksOn("w1:1"), [4001], "4001 has leased nothing: it stays where it is");
  core.heartbeat(3000, { leftTasks: [4000] });
  assertEquals([core.tasksOn("w0:1"), core.tasksOn("w1:1")], [[], [4001, 4002]]);
});

Deno.test("a task that has nothing and does not come to the end that others have come to holds up no reader", () => {
  const core = tracked(4, 2, { leaseTimeoutMs: 1_000, workerTimeoutMs: 1e9, clientTimeoutMs: 1e9 });
  core.heartbeat(3000, { starvedTasks: [4000] });
  for (
    let requestId = 1;
    core.split({ taskId: 4001, repetition: 0, requestId }).kind === "split";
    requestId++
  );
  core.heartbeat(3000, { starvedTasks: [4000], consumed: [{ taskId: 4001, consumed: had(0, 4) }] });
  core.now += 1_000;
  core.checkLiveness();
  assertEquals(core.tasksOn("w0:1"), [4000], "the other worker may find that there is another pass");
  core.finish("w1:1", 4001);
  core.checkLiveness();
  assertEquals(core.tasksOn("w0:1"), []);
  assertEquals(core.heartbeat(3000, { starvedTasks: [4000] }).finished, true);
});

Deno.test("the only worker gets the rest of a task that it made no progress with", () => {
  const core = tracked(16, 1, { leaseTimeoutMs: 1_000, workerTimeoutMs: 1e9, clientTimeoutMs: 1e9 });
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.heartbeat(3000, { starvedTasks: [4000] });
  core.now += 1_000;
  core.checkLiveness();
  assertEquals(core.tasksOn("w0:1"), [4001], "and goes on with the source");
  assertEquals(core.split({ taskId: 4001, repetition: 0, requestId: 1 }).kind, "split");
});

Deno.test("exactly-once is refused where a lost worker would break it, naming what makes it so", () => {
  const core = new TestCore();
  const weakness = { operator: "scan", reason: "its state is one worker's" };
  const refusals: [ShardingPolicy, Parameters<TestCore["job"]>[1], string][] = [
    [ShardingPolicy.DYNAMIC, { weakness }, "`scan` makes it impossible"],
    [ShardingPolicy.DYNAMIC, { weakness: undefined }, "`format` makes it impossible"],
    [
      ShardingPolicy.DYNAMIC,
      { weakness: null, numConsumers: 2, name: "a" },
      "`numConsumers` makes it impossible",
    ],
    [ShardingPolicy.DYNAMIC, { weakness: null, useCrossTrainerCache: true }, "`crossTrainerCache` makes it"],
    [ShardingPolicy.OFF, { weakness: null }, "without sharding every worker visits all elements"],
    [ShardingPolicy.DATA, { weakness: null }, "sharding policy DATA promises it through no loss of a worker"],
  ];
  for (const [policy, options, message] of refusals) {
    assertThrows(
      () => core.job(policy, { ...options, requireExactlyOnce: true }),
      InvalidArgumentError,
      message,
    );
  }
  core.job(ShardingPolicy.DYNAMIC, { weakness: null, requireExactlyOnce: true });
  core.job(ShardingPolicy.DYNAMIC, { weakness });
  assertEquals(statusOf(core.state, new Map()).jobs.map(({ weakenedBy }) => weakenedBy), [undefined, "scan"]);
});

Deno.test("a copy of a request that was answered with the end comes late, and gets nothing of what was lost since", () => {
  const core = tracked(4);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  for (let requestId = 1; requestId <= 4; requestId++) core.split({ taskId: 4001, repetition: 0, requestId });
  const end = { kind: "end", sourceIsEmpty: false, currentRepetition: 0 } as const;
  const last = core.state.tasks.get(4001)!.leases[0].ended!;
  assertEquals(core.split({ taskId: 4001, repetition: 0, requestId: last }), end);
  core.leave("w0:1");
  core.heartbeat(3000, { leftTasks: [4000] });
  const before = core.updates.length;
  assertEquals(core.split({ taskId: 4001, repetition: 0, requestId: last }), end);
  assertEquals(core.updates.length, before);
  const restarted = core.replayed();
  assertEquals(
    restarted.state.tasks.get(4001)!.leases[0].ended,
    last,
    "also if the dispatcher was started again since",
  );
  // Whoever asks anew may have it.
  assertEquals(core.split({ taskId: 4001, repetition: 1, requestId: last + 1 }).kind, "split");
});
