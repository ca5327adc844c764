import { assertEquals, assertRejects } from "@std/assert";
import { FakeClock, SeededRandom, UnavailableError } from "../../../src/base/mod.ts";
import { StockTask } from "../../../src/tensorflow/client/stock_task.ts";
import { structureOfSpec } from "../../../src/tensorflow/elements/mod.ts";
import type { GrpcClient } from "../../../src/tensorflow/grpc/mod.ts";

/** A task whose worker cannot be reached. */
function lostTask(isOver: () => boolean): { task: StockTask; clock: FakeClock; asked: () => number } {
  const clock = new FakeClock();
  let asked = 0;
  const client: GrpcClient = {
    address: "worker:1",
    unary() {
      asked++;
      return Promise.reject(new UnavailableError("Cannot reach worker:1"));
    },
    close() {},
  };
  const task = new StockTask({
    taskId: 1n,
    client,
    structure: structureOfSpec({ kind: "number" }),
    trainerId: "",
    clock,
    random: new SeededRandom(1),
    timeoutMs: 60_000,
    room: () => Promise.resolve(),
    give: () => {},
    isOver,
  });
  return { task, clock, asked: () => asked };
}

Deno.test("a worker that is gone, and that its service does not give up, is an error in the end", async () => {
  const { task, clock, asked } = lostTask(() => false);
  const failed = assertRejects(
    () => task.run(),
    UnavailableError,
    "The tf.data worker at worker:1 was not available for 60000 ms",
  );
  await clock.advance(62_100);
  await failed;
  assertEquals(asked() > 30 && asked() < 100, true);
  assertEquals(clock.pending, 0);
});

Deno.test("a worker that is gone when the pass is finished had nothing more for anybody", async () => {
  await lostTask(() => true).task.run();
});

Deno.test("a task that is left ends at once", async () => {
  const { task, clock } = lostTask(() => false);
  const run = task.run();
  await clock.advance(1_000);
  task.leave();
  await run;
  assertEquals(clock.pending, 0);
});
