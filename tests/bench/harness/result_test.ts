import { assertEquals } from "@std/assert";
import { compare, meets } from "./result.ts";

const said = { row: "scalars", workload: "scalars", unit: "elements/s", against: "a peer" } as const;

Deno.test("A result compares the medians of both sides with the goal", () => {
  const result = compare({ ...said, goal: { atLeast: 10 }, ours: [900, 1000, 5000], theirs: [50, 100, 200] });
  assertEquals([result.ours, result.theirs, result.ratio, result.met], [1000, 100, 10, true]);
  assertEquals(result.samples, { ours: [900, 1000, 5000], theirs: [50, 100, 200] });
});

Deno.test("What is missing on one side leaves the other side's figure, and no verdict", () => {
  const withoutPeer = compare({ ...said, goal: { atLeast: 10 }, ours: [7], theirs: [] });
  assertEquals([withoutPeer.ours, withoutPeer.theirs, withoutPeer.ratio, withoutPeer.met], [
    7,
    null,
    null,
    null,
  ]);
});

Deno.test("Against a ceiling nothing is promised", () => {
  const result = compare({ ...said, goal: null, ours: [1], theirs: [2] });
  assertEquals([result.ratio, result.met], [0.5, null]);
});

Deno.test("Goals are met from above or from below, their own value included", () => {
  assertEquals(meets(80, { atLeast: 80 }), true);
  assertEquals(meets(79.9, { atLeast: 80 }), false);
  assertEquals(meets(0.25, { atMost: 0.25 }), true);
  assertEquals(meets(0.26, { atMost: 0.25 }), false);
});
