import { assertEquals, assertMatch } from "@std/assert";
import { deferred } from "../../../src/base/mod.ts";
import type { FromLane } from "../../../src/worker/lanes/messages.ts";
import { createWorkerLanes, type WorkerLanes } from "../../../src/worker/lanes/worker_lanes.ts";

const LANE_MODULE = import.meta.resolve("../../../src/server/lane_main.ts");

/** Opens a lane, and waits until it is ready or broken. */
async function open(lanes: WorkerLanes) {
  const first = deferred<FromLane | Error>();
  let hasReturned = false;
  const port = lanes.open({
    message(message) {
      assertEquals(hasReturned, true, "the owner does not have the port yet");
      first.resolve(message);
    },
    broken: (error) => first.resolve(error),
  });
  hasReturned = true;
  return { port, first: await first.promise };
}

Deno.test("a lane that was prepared is given to whoever opens the next one", async () => {
  const lanes = createWorkerLanes(LANE_MODULE);
  lanes.prepare();
  lanes.prepare();
  await lanes.alive();
  assertEquals(lanes.mayGoOn, false);
  const opened = [await open(lanes), await open(lanes)];
  assertEquals(opened.map(({ first }) => first), [{ kind: "ready" }, { kind: "ready" }]);
  assertEquals(lanes.mayGoOn, true);
  await lanes.alive();
  for (const { port } of opened) port.terminate(true);
  await lanes.alive();
  assertEquals(lanes.mayGoOn, false);
  (await open(lanes)).port.terminate();
  assertEquals(lanes.mayGoOn, true, "it may be in the middle of something");
});

Deno.test("an idle lane that is ended is kept for the next one where that is wanted", async () => {
  const lanes = createWorkerLanes(LANE_MODULE, { keepsOne: true });
  const [first, second] = [await open(lanes), await open(lanes)];
  first.port.terminate(true);
  first.port.terminate(true);
  first.port.post({ kind: "forget", fn: 1 }); // Nobody's business any more.
  second.port.terminate(true);
  assertEquals(lanes.mayGoOn, false);
  const third = await open(lanes);
  assertEquals(third.first, { kind: "ready" });
  third.port.terminate();
  assertEquals(lanes.mayGoOn, true);
});

Deno.test("a lane whose program does not run is said to be broken, prepared or not", async () => {
  // A worker that has failed does not keep the event loop going until its error is told.
  const going = setInterval(() => {}, 1_000);
  for (const prepared of [true, false]) {
    const lanes = createWorkerLanes("data:application/javascript,throw new Error('no lane')");
    if (prepared) {
      lanes.prepare();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const { first } = await open(lanes);
    assertMatch((first as Error).message, /no lane/);
    await lanes.alive();
  }
  clearInterval(going);
});
