import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  aborted,
  backoffMs,
  FakeClock,
  mixSeeds,
  raceAbort,
  SeededRandom,
  systemClock,
} from "../../src/base/mod.ts";

Deno.test("the fake clock fires timers in order of their time and lets each set the next", async () => {
  const clock = new FakeClock(0);
  const fired: string[] = [];
  clock.setTimer(() => fired.push(`b${clock.now()}`), 20);
  clock.setTimer(() => {
    fired.push(`a${clock.now()}`);
    clock.setTimer(() => fired.push(`c${clock.now()}`), 5);
  }, 10);
  clock.setTimer(() => fired.push("never"), 15).clear();
  await clock.advance(19);
  assertEquals(fired, ["a10", "c15"]);
  await clock.advance(1);
  assertEquals([fired, clock.now(), clock.pending], [["a10", "c15", "b20"], 20, 0]);
});

Deno.test("sleep ends with the signal's reason and leaves no timer", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(1000, { signal: controller.signal });
  controller.abort(new Error("stop"));
  await assertRejects(() => sleeping, Error, "stop");
  assertEquals(clock.pending, 0);
  await assertRejects(() => clock.sleep(1, { signal: controller.signal }), Error, "stop");
});

Deno.test("the system clock goes on and its timers fire", async () => {
  const before = systemClock.now();
  await systemClock.sleep(1);
  assert(systemClock.now() > before);
});

Deno.test("a seed repeats its sequence, a saved state goes on, another seed differs", () => {
  const take = (random: SeededRandom) => Array.from({ length: 5 }, () => random.uint32());
  assertEquals(take(new SeededRandom(7)), take(new SeededRandom(7)));
  assertNotEquals(take(new SeededRandom(7)), take(new SeededRandom(8)));
  const random = new SeededRandom(7);
  take(random);
  const state = random.save();
  const rest = take(random);
  const restored = new SeededRandom(0);
  restored.restore(state);
  assertEquals(take(restored), rest);
});

Deno.test("below is even: 60,000 throws of a die stay within 5 % of a sixth", () => {
  const random = new SeededRandom(1);
  const counts = new Array(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[random.below(6)]++;
  for (const count of counts) assert(Math.abs(count - 10_000) < 500, `${counts}`);
});

Deno.test("mixSeeds tells orders and high halves apart", () => {
  const seeds = [mixSeeds(1, 2), mixSeeds(2, 1), mixSeeds(1), mixSeeds(1 + 2 ** 32), mixSeeds(1, 0)];
  assertEquals(new Set(seeds).size, seeds.length);
});

Deno.test("backoff grows to its limit with at most 40 % of jitter", () => {
  const still = (float: number) => ({ uint32: () => 0, float: () => float, below: () => 0 });
  assertEquals([0, 1, 2].map((n) => backoffMs(n, still(1), { initialMs: 10, factor: 2, maxMs: 30 })), [
    10,
    20,
    30,
  ]);
  assertEquals(backoffMs(0, still(0), { initialMs: 10 }), 6);
});

Deno.test("raceAbort gives the outcome or the reason, whichever is first", async () => {
  const controller = new AbortController();
  assertEquals(await raceAbort(Promise.resolve(1), controller.signal), 1);
  const waiting = raceAbort(new Promise(() => {}), controller.signal);
  const gone = aborted(controller.signal);
  controller.abort(new Error("left"));
  await assertRejects(() => waiting, Error, "left");
  await gone;
  await assertRejects(() => raceAbort(Promise.reject(new Error("late")), controller.signal), Error, "left");
});
