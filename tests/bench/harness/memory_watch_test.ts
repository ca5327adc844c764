import { assertEquals, assertThrows } from "@std/assert";
import { courseOf } from "./memory_watch.ts";

const minutes = (of: (second: number) => number) => Array.from({ length: 600 }, (_, second) => of(second));

Deno.test("Memory that finds its size while the process warms up, and then swings, is flat", () => {
  const course = courseOf("worker", minutes((second) => Math.min(second, 100) + 100 + second % 7));
  assertEquals(course, { process: "worker", first: 203, last: 203, peak: 206, flat: true });
});

Deno.test("Memory that grows slowly but for ever is not flat", () => {
  const course = courseOf("worker", minutes((second) => 100 + second / 5));
  assertEquals(course.flat, false);
  assertEquals([course.first < course.last, course.peak > 219], [true, true]);
});

Deno.test("A few samples tell nothing", () => {
  assertThrows(() => courseOf("worker", [1, 2]), RangeError, "from 2 samples");
});
