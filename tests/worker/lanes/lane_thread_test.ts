import { assertEquals, assertMatch } from "@std/assert";
import { deferred } from "../../../src/base/mod.ts";
import { LaneThread } from "../../../src/worker/lanes/lane_thread.ts";
import type { LaneListener } from "../../../src/worker/lanes/lane_port.ts";

const LANE_MODULE = import.meta.resolve("../../../src/server/lane_main.ts");
const FAILING = "data:application/javascript,throw new Error('no lane')";

/** A listener that writes down what it is told, and the first thing that it was. */
function recorder() {
  const told: string[] = [];
  const first = deferred<string>();
  const tell = (what: string) => {
    told.push(what);
    first.resolve(what);
  };
  const listener: LaneListener = {
    message: ({ kind }) => tell(kind),
    broken: ({ message }) => tell(message),
  };
  return { told, first: first.promise, listener };
}

/** A thread that has failed before anybody listened to it. */
async function failed(): Promise<LaneThread> {
  // A worker that has failed does not keep the event loop going until its error is told.
  const going = setInterval(() => {}, 1_000);
  const over = deferred<void>();
  const thread = new LaneThread(FAILING, over.resolve);
  await over.promise;
  clearInterval(going);
  return thread;
}

Deno.test("who listens to a lane after it has failed is told so, once and not before the call has ended", async () => {
  const thread = await failed();
  const { told, first, listener } = recorder();
  thread.listen(listener);
  assertEquals(told, []);
  assertMatch(await first, /no lane/);
  thread.listen(listener);
  await Promise.resolve();
  assertEquals(told.length, 1);
});

Deno.test("a failed lane that was terminated meanwhile tells its listener nothing", async () => {
  const thread = await failed();
  const { told, listener } = recorder();
  thread.listen(listener);
  thread.terminate();
  await Promise.resolve();
  assertEquals(told, []);
});

Deno.test("a lane that is released as soon as it was listened to is ready for the next listener", async () => {
  const thread = new LaneThread(LANE_MODULE, () => {});
  const opened = recorder();
  thread.listen(opened.listener);
  assertEquals(await opened.first, "ready");
  thread.release();
  const hasty = recorder();
  thread.listen(hasty.listener);
  thread.release();
  const patient = recorder();
  thread.listen(patient.listener);
  assertEquals(await patient.first, "ready");
  assertEquals(hasty.told, []);
  thread.terminate();
});
