import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from "../../../src/base/mod.ts";
import { beginRun } from "../../../src/dispatcher/core/begin_run.ts";
import { settleCompression } from "../../../src/dispatcher/core/settle_compression.ts";
import { RESERVED, takeSplit } from "../../../src/dispatcher/core/take_split.ts";
import { loseWorker } from "../../../src/dispatcher/core/tick.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, SETTINGS, TestCore } from "../support.ts";

function take(core: TestCore, repetition: number, source = 0, iterationId = 2000): number {
  const index = core.run(takeSplit, { iterationId, source, repetition });
  return index === RESERVED ? take(core, repetition, source, iterationId) : index;
}

function sharded(counts: number[]): TestCore {
  const core = new TestCore();
  core.worker("a:1");
  core.client(core.job(ShardingPolicy.DYNAMIC), { sources: counts.map(indexes) });
  return core;
}

Deno.test("indexes are handed out one by one, then the end as often as anybody asks", () => {
  const core = sharded([3, 0]);
  assertEquals([0, 0, 0, 0, 0].map((repetition) => take(core, repetition)), [0, 1, 2, -1, -1]);
  assertEquals(take(core, 0, 1), -1);
});

Deno.test("who begins a later repetition begins it for everybody", () => {
  const core = sharded([3]);
  assertEquals([0, 0, 1, 0, 1, 1, 1, 2].map((repetition) => take(core, repetition)), [
    0,
    1,
    0,
    -1,
    1,
    2,
    -1,
    0,
  ]);
});

Deno.test("an endless source has no end", () => {
  const core = sharded([-1]);
  for (let i = 0; i < 5; i++) assertEquals(take(core, 0), i);
});

Deno.test("any sequence of requests gets what a list handed out in repetitions would give", () => {
  fc.assert(fc.property(fc.nat(5), fc.array(fc.nat(3)), (count, requests) => {
    const core = sharded([count]);
    let repetition = 0;
    let next = 0;
    for (const asked of requests) {
      let expected = -1;
      if (asked >= repetition) {
        const from = asked > repetition ? 0 : next;
        if (from < count) {
          expected = from;
          repetition = asked;
          next = from + 1;
        }
      }
      assertEquals(take(core, asked), expected);
    }
  }));
});

Deno.test("what cannot be split is refused, what is over has ended", () => {
  const core = sharded([3]);
  core.client(core.job(ShardingPolicy.OFF));
  assertThrows(() => take(core, 0, 0, 2001), FailedPreconditionError, "not a distributed_epoch iteration");
  assertThrows(() => take(core, 0, 0, 2002), NotFoundError, "2002");
  assertThrows(() => take(core, 0, 1), InvalidArgumentError, "source 1");
  core.finish("a:1", 4000);
  assertEquals(take(core, 0), -1);
});

Deno.test("a worker that is lost may have held splits, once any were handed out", () => {
  for (const [splits, expected] of [[0, "exactly-once"], [1, "at-most-once"]] as const) {
    const core = sharded([3]);
    for (let i = 0; i < splits; i++) take(core, 0);
    core.now += SETTINGS.workerTimeoutMs;
    core.run(loseWorker, "a:1");
    assertEquals([...core.state.jobs.values()].map(({ guarantee }) => guarantee), [expected]);
  }
});

Deno.test("whether compression is off is decided once", () => {
  const core = new TestCore();
  const datasetId = core.dataset();
  assertEquals(core.run(settleCompression, { datasetId, disable: true }), true);
  assertEquals(core.run(settleCompression, { datasetId, disable: false }), true);
  assertEquals(core.updates.filter(({ type }) => type === "settleCompression").length, 1);
  assertThrows(() => core.run(settleCompression, { datasetId: "none", disable: true }), NotFoundError);
});

/** What each of some requests has to survive before it is answered. */
function survivals(core: TestCore, requests: number[]): string[] {
  return requests.map((repetition) =>
    core.core.handle(takeSplit, { iterationId: 2000, source: 0, repetition }, core.now).outlives
  );
}

Deno.test("where the machine's start is known, reservations alone wait for the disk", () => {
  const core = sharded([42]);
  assertEquals(survivals(core, [0, 0]), ["machine", "machine"]);
  core.run(beginRun, "boot");
  const waiting = survivals(core, Array(42).fill(0)).flatMap((outlives, i) =>
    outlives === "machine" ? [i] : []
  );
  assertEquals(waiting, [0, 33]);
  assertEquals(survivals(core, [0, 1, 1]), ["machine", "machine", "process"]);
});

Deno.test("an index is handed out by an update of its own, which nothing else delays", () => {
  const core = sharded([42]);
  core.run(beginRun, "boot");
  const decided = Array.from({ length: 3 }, () => {
    const { reply, updates } = core.core.handle(
      takeSplit,
      { iterationId: 2000, source: 0, repetition: 0 },
      core.now,
    );
    return [reply, ...updates.map(({ type }) => type)];
  });
  assertEquals(decided, [[RESERVED, "reserveSplits"], [0, "takeSplit"], [1, "takeSplit"]]);
});

Deno.test("the end of the process loses no split, that of the machine those that were reserved", () => {
  for (
    const [boot, next, guarantee] of [["boot", 2, "exactly-once"], ["other", 32, "at-most-once"]] as const
  ) {
    const core = new TestCore();
    core.run(beginRun, "boot");
    core.worker("a:1");
    core.client(core.job(ShardingPolicy.DYNAMIC), { sources: [indexes(100)] });
    const before = [...core.state.jobs.values()][0].guarantee;
    assertEquals([take(core, 0), take(core, 0)], [0, 1]);
    core.run(beginRun, boot);
    assertEquals(take(core, 0), next);
    assertEquals([...core.state.jobs.values()][0].guarantee, boot === "boot" ? before : guarantee);
  }
});
