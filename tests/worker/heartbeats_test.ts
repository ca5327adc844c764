import { assertEquals } from "@std/assert";
import { FakeClock, SeededRandom, silentLog } from "../../src/base/mod.ts";
import { Heartbeats } from "../../src/worker/heartbeats.ts";

function setup(beat: (count: number) => Promise<number>) {
  const clock = new FakeClock(0);
  const times: number[] = [];
  const heartbeats = new Heartbeats({
    beat: () => {
      times.push(clock.now());
      return beat(times.length);
    },
    firstMs: 100,
    clock,
    random: new SeededRandom(1),
    log: silentLog,
  });
  return { clock, times, heartbeats };
}

Deno.test("heartbeats keep the time that the last one gave", async () => {
  const { clock, times, heartbeats } = setup(() => Promise.resolve(50));
  await clock.advance(250);
  assertEquals(times, [100, 150, 200, 250]);
  heartbeats.stop();
  await clock.advance(500);
  assertEquals(times.length, 4);
  assertEquals(clock.pending, 0);
});

Deno.test("one that is urgent is sent at once, or right after the one on its way", async () => {
  let answer = Promise.withResolvers<number>();
  const { clock, times, heartbeats } = setup(() => (answer = Promise.withResolvers<number>()).promise);
  await clock.advance(10);
  heartbeats.now();
  await clock.advance(10);
  assertEquals(times, [10]);
  heartbeats.now();
  await clock.advance(10);
  assertEquals(times, [10], "never two at a time");
  answer.resolve(100);
  await clock.advance(10);
  assertEquals(times, [10, 30]);
  heartbeats.stop();
  answer.resolve(100);
  await clock.advance(0);
});

Deno.test("after a failure the next one comes sooner", async () => {
  const { clock, times, heartbeats } = setup((count) =>
    count < 3 ? Promise.reject(new Error("away")) : Promise.resolve(10_000)
  );
  await clock.advance(400);
  assertEquals(times, [100, 200, 300], "but never later than the interval");
  heartbeats.stop();
  await clock.advance(0);
});
