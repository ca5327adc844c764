import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SlidingWindow } from "../../../src/worker/core/sliding_window.ts";

Deno.test("every trainer gets all blocks while they fit, at its own speed", () => {
  const window = new SlidingWindow<string>({ maxBytes: 100 });
  assertEquals([window.next("a"), window.isAtEnd("a")], [undefined, true]);
  window.push("first", 10);
  window.push("second", 10);
  assertEquals([window.next("a"), window.next("a"), window.next("a")], ["first", "second", undefined]);
  assertEquals([window.next("b"), window.isAtEnd("b")], ["first", false]);
  assertEquals([window.bytes, window.start, window.end], [20, 0, 2]);
});

Deno.test("what does not fit is forgotten at the front, and slow trainers skip it", () => {
  const window = new SlidingWindow<number>({ maxBytes: 30 });
  for (let i = 0; i < 10; i++) window.push(i, 10);
  assertEquals([window.start, window.end, window.bytes], [7, 10, 30]);
  assertEquals(window.next("slow"), 7);
  window.push(10, 30);
  assertEquals([window.next("slow"), window.next("slow"), window.next("new")], [10, undefined, 10]);
});

Deno.test("a block that is larger than the window stays alone in it", () => {
  const window = new SlidingWindow<string>({ maxBytes: 10 });
  window.push("small", 5);
  window.push("large", 50);
  assertEquals([window.bytes, window.next("a"), window.next("a")], [50, "large", undefined]);
  window.push("small again", 5);
  assertEquals([window.bytes, window.next("a")], [5, "small again"]);
});

Deno.test("whatever the order, a trainer sees an increasing part of the sequence and the limit holds", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), bytes: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("next" as const), trainer: fc.constantFrom("a", "b", "c") }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500 }), fc.integer({ min: 40, max: 400 }), (steps, maxBytes) => {
      const window = new SlidingWindow<number>({ maxBytes });
      const sizes: number[] = [];
      const last = new Map<string, number>();
      for (const step of steps) {
        if (step.kind === "push") {
          window.push(sizes.length, step.bytes);
          sizes.push(step.bytes);
        } else {
          const before = last.get(step.trainer) ?? -1;
          // The obvious model: the blocks at the end that fit, and of them the first that comes after the last one seen.
          let start = sizes.length;
          for (let sum = 0; start > 0 && sum + sizes[start - 1] <= maxBytes; start--) sum += sizes[start - 1];
          const expected = Math.max(start, before + 1);
          const block = window.next(step.trainer);
          assertEquals(block, expected < sizes.length ? expected : undefined);
          if (block !== undefined) last.set(step.trainer, block);
        }
        assert(window.bytes <= maxBytes);
        assertEquals(window.end, sizes.length);
      }
    }),
  );
});
