import { assertEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import {
  ENDLESS_BLOCK,
  leaseSize,
  MAX_FILES,
  MAX_INDEXES,
  MAX_LOSABLE,
  MAX_QUICK_INDEXES,
  paceOf,
} from "../../../src/dispatcher/core/lease_size.ts";
import { SILENT_READERS } from "../../../src/dispatcher/core/guarantee.ts";
import { getSplit } from "../../../src/dispatcher/core/get_split.ts";
import type { SourceDescription } from "../../../src/dispatcher/core/updates.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, TestCore } from "../support.ts";

/** A dynamically sharded iteration on some workers: their tasks are 4000, 4001, ... */
function sharded(sources: SourceDescription[], workers = 1): TestCore {
  const core = new TestCore();
  for (let i = 0; i < workers; i++) core.worker(`w${i}:1`);
  core.client(core.job(ShardingPolicy.DYNAMIC), { sources });
  return core;
}

/** Leases until the end of the repetition: pairs of start and end. */
function drain(core: TestCore, taskId: number, repetition = 0, requestId = 1): number[][] {
  const ranges: number[][] = [];
  for (;; requestId++) {
    core.now += 1_000_000; // A slow task.
    const reply = core.split({ taskId, repetition, requestId });
    if (reply.kind === "end") return ranges;
    ranges.push([reply.start, reply.end]);
  }
}

Deno.test("leases are large at first and small towards the end", () => {
  assertEquals(drain(sharded([indexes(20)]), 4000), [[0, 10], [10, 15], [15, 18], [18, 19], [19, 20]]);
});

Deno.test("a lease is half a fair share, within bounds", () => {
  const size = (kind: "indexes" | "files", remaining: number, tasks: number) =>
    leaseSize({ kind, remaining, tasks, pace: 0, isLosable: false });
  assertEquals(size("indexes", 100, 2), 25);
  assertEquals(size("indexes", 1, 1_000), 1);
  assertEquals(size("indexes", 1e12, 4), MAX_INDEXES);
  assertEquals(size("files", 1_000, 2), MAX_FILES);
  assertEquals(size("files", 4, 2), 1);
  assertEquals(size("indexes", Infinity, 2), ENDLESS_BLOCK);
});

Deno.test("a task that is known to be fast gets up to its whole share, so that it need not ask so often", () => {
  const size = (remaining: number, tasks: number, pace: number) =>
    leaseSize({ kind: "indexes", remaining, tasks, pace, isLosable: false });
  assertEquals(size(1_000, 1, 1_000), 1_000, "alone: all the rest");
  assertEquals(size(1_000, 2, 1_000), 500);
  assertEquals(size(1_000, 2, 3), 300, "what it does in 100 ms");
  assertEquals(size(1_000, 2, 0.1), 250, "a slow one: half its share");
  assertEquals(size(1e12, 2, 1e6), MAX_QUICK_INDEXES);
  assertEquals(size(Infinity, 2, 100), 10_000);
  assertEquals(
    leaseSize({ kind: "files", remaining: 100, tasks: 2, pace: 1e6, isLosable: false }),
    MAX_FILES,
  );
});

Deno.test("readers that say nothing lose with a worker what it has leased: little", () => {
  const size = (kind: "indexes" | "files", pace: number, remaining = 1e9) =>
    leaseSize({ kind, remaining, tasks: 1, pace, isLosable: true });
  assertEquals(size("indexes", 0), 1, "nobody knows yet");
  assertEquals(size("indexes", 0.01), 1, "slow");
  assertEquals(size("indexes", 3), 30, "what it does in 10 ms");
  assertEquals([size("indexes", 1e6), size("indexes", 1e6, Infinity)], [MAX_LOSABLE, MAX_LOSABLE]);
  assertEquals(size("files", 1e6), 1);

  const core = new TestCore();
  core.worker("w:1");
  core.client(core.job(ShardingPolicy.DYNAMIC, { weakness: SILENT_READERS }), { sources: [indexes(4)] });
  assertEquals(drain(core, 4000), [[0, 1], [1, 2], [2, 3], [3, 4]]);
});

Deno.test("the pace of a task is that of the lease before the latest, which it has worked through", () => {
  const core = sharded([indexes(1_000_000)]);
  const got = (requestId: number) => {
    const reply = core.split({ taskId: 4000, repetition: 0, requestId });
    return reply.kind === "split" ? reply.end - reply.start : 0;
  };
  const sizes: number[] = [];
  // The second request comes as soon as the first lease is there, and says nothing of the pace.
  for (const [requestId, ms] of [[1, 0], [2, 1], [3, 65_536], [4, 10]] as const) {
    core.now += ms;
    sizes.push(got(requestId));
  }
  assertEquals(sizes, [MAX_INDEXES, MAX_INDEXES, MAX_INDEXES, MAX_INDEXES * 10]);
  const leases = core.state.tasks.get(4000)!.leases[0];
  assertEquals(paceOf(leases, core.now + 64), 1_024);
  assertEquals(paceOf({ ...leases, answers: leases.answers.slice(-1) }, core.now + 64), 0);
});

Deno.test("files come by name, few at a time", () => {
  const names = ["a", "b", "c", "d", "e"];
  const core = sharded([{ kind: "files", names }]);
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 1 }), {
    kind: "split",
    start: 0,
    end: 3,
    names: ["a", "b", "c"],
  });
});

Deno.test("an endless source goes out in blocks and never ends", () => {
  const core = sharded([indexes(-1)]);
  for (let requestId = 1; requestId <= 5; requestId++) {
    core.now += 1_000_000;
    assertEquals(core.split({ taskId: 4000, repetition: 0, requestId }), {
      kind: "split",
      start: (requestId - 1) * ENDLESS_BLOCK,
      end: requestId * ENDLESS_BLOCK,
      names: [],
    });
  }
});

Deno.test("what is remembered of leases is bounded", () => {
  const core = sharded([indexes(-1)], 2);
  for (let requestId = 1; requestId <= 1_100; requestId++) {
    for (const taskId of [4000, 4001]) core.split({ taskId, repetition: 0, requestId });
  }
  const [leases] = core.state.tasks.get(4000)!.leases;
  assertEquals([leases.rests.size, leases.answers.length], [0, 8]);
});

Deno.test("an empty source says that it is empty in every repetition", () => {
  const core = sharded([indexes(0)]);
  const end = { kind: "end", sourceIsEmpty: true, currentRepetition: 0 } as const;
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 1 }), end);
  assertEquals(core.split({ taskId: 4000, repetition: 7, requestId: 2 }), end);
});

Deno.test("the end of a repetition is the end for everybody, and writes nothing", () => {
  const core = sharded([indexes(10)], 2);
  drain(core, 4000);
  const before = core.updates.length;
  assertEquals(drain(core, 4001), []);
  assertEquals(core.updates.length, before);
});

Deno.test("the next repetition begins anew, and the one before it is over for late workers", () => {
  const core = sharded([indexes(3)], 2);
  drain(core, 4000);
  const again = core.split({ taskId: 4000, repetition: 1, requestId: 10 });
  assertEquals(again.kind === "split" && again.start, 0);
  assertEquals(core.split({ taskId: 4001, repetition: 0, requestId: 1 }).kind, "end");
  const theirs = core.split({ taskId: 4001, repetition: 1, requestId: 2 });
  assertEquals(theirs.kind === "split" && theirs.start, 1);
});

Deno.test("a source that was left early begins anew with the next repetition", () => {
  const core = sharded([indexes(100)]);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  const next = core.split({ taskId: 4000, repetition: 1, requestId: 2 });
  assertEquals(next.kind === "split" && next.start, 0);
});

Deno.test("sources are counted apart", () => {
  const core = sharded([indexes(2), indexes(100)]);
  drain(core, 4000);
  const other = core.split({ taskId: 4000, source: 1, repetition: 0, requestId: 1 });
  assertEquals(other, { kind: "split", start: 0, end: 50, names: [] });
});

Deno.test("a repeated request gets the same answer, for as long as answers are kept", () => {
  const core = sharded([indexes(1e8)]);
  const answers = Array.from(
    { length: 10 },
    (_, i) => core.split({ taskId: 4000, repetition: 0, requestId: i + 1 }),
  );
  const before = core.updates.length;
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 10 }), answers[9]);
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 3 }), answers[2]);
  assertEquals(core.updates.length, before);
  assertThrows(
    () => core.split({ taskId: 4000, repetition: 0, requestId: 2 }),
    FailedPreconditionError,
    "Cannot repeat request 2 of task 4000: the oldest answer kept is that to request 3",
  );
});

Deno.test("each task counts its requests for itself", () => {
  const core = sharded([indexes(100)], 2);
  const first = core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  const second = core.split({ taskId: 4001, repetition: 0, requestId: 1 });
  assertEquals([first, second].map((reply) => reply.kind === "split" && reply.start), [0, 25]);
});

Deno.test("what a lost worker held is not given out again", () => {
  const core = sharded([indexes(100)], 2);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.leave("w0:1");
  assertEquals(drain(core, 4001)[0], [25, 63]);
});

Deno.test("another process under the address counts its requests from the beginning", () => {
  const core = sharded([indexes(100)]);
  core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  core.worker("w0:1", { uid: "w0:1#2", currentTasks: [] });
  const reply = core.split({ taskId: 4000, repetition: 0, requestId: 1 });
  assertEquals(reply, { kind: "split", start: 50, end: 75, names: [] });
});

Deno.test("fetching ahead beyond the task's end finds the end", () => {
  const core = sharded([indexes(100)], 2);
  core.finish("w0:1", 4000);
  assertEquals(core.split({ taskId: 4000, repetition: 0, requestId: 1 }).kind, "end");
});

Deno.test("a worker that was lost without knowing it finds the end, not an error for its readers", () => {
  const core = sharded([indexes(100)]);
  const ask = () =>
    core.run(getSplit, { iterationId: 2000, taskId: 4000, source: 0, repetition: 0, requestId: 1 });
  core.leave("w0:1");
  assertEquals(ask(), { kind: "end", sourceIsEmpty: false, currentRepetition: 0 });
  core.release(3000);
  assertEquals(core.state.iterations.size, 0);
  assertEquals(ask(), { kind: "end", sourceIsEmpty: false, currentRepetition: 0 });
});

Deno.test("splits of what does not exist or is not split are refused", () => {
  const core = sharded([indexes(100)]);
  core.client(core.job(ShardingPolicy.OFF));
  const ask = (iterationId: number, taskId: number, source = 0) => () =>
    core.run(getSplit, { iterationId, taskId, source, repetition: 0, requestId: 1 });
  assertThrows(ask(1999, 4000), NotFoundError, "Iteration 1999 not found");
  assertThrows(ask(2000, 3999), NotFoundError, "Task 3999 not found in iteration 2000");
  assertThrows(ask(2000, 4001), NotFoundError, "Task 4001 not found in iteration 2000");
  assertThrows(
    ask(2000, 4000, 1),
    InvalidArgumentError,
    "Cannot get split of source 1: the dataset has 1 sources",
  );
  assertThrows(
    ask(2001, 4001),
    FailedPreconditionError,
    "Cannot get split for iteration 2001, since it is not a distributed_epoch iteration",
  );
});

Deno.test("a late worker is told the present repetition with the end of each before it", () => {
  const core = new TestCore();
  core.worker("a:1");
  core.client(core.job(ShardingPolicy.DYNAMIC), { sources: [indexes(1)] });
  const [early] = core.tasksOn("a:1");
  for (let repetition = 0; repetition <= 500; repetition++) {
    core.split({ taskId: early, repetition, requestId: repetition + 1 });
  }
  core.worker("late:1");
  const [late] = core.tasksOn("late:1");
  const end = { kind: "end", sourceIsEmpty: false, currentRepetition: 500 } as const;
  assertEquals(core.split({ taskId: late, repetition: 0, requestId: 1 }), end);
  assertEquals(core.split({ taskId: late, repetition: 500, requestId: 2 }), end);
  assertEquals(core.split({ taskId: late, repetition: 501, requestId: 3 }).kind, "split");
});
