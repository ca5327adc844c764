import { assertEquals } from "@std/assert";
import { apply } from "../../../src/dispatcher/core/apply.ts";
import { MAX_ENDED_SNAPSHOTS } from "../../../src/dispatcher/core/snapshots/apply.ts";
import { createState } from "../../../src/dispatcher/core/state.ts";

Deno.test("a snapshot is begun, over, and begun again", () => {
  const state = createState();
  apply(state, { type: "beginSnapshot", path: "/a" });
  apply(state, { type: "beginSnapshot", path: "/b" });
  apply(state, { type: "endSnapshot", path: "/a" });
  assertEquals(state.snapshots, { begun: new Set(["/b"]), ended: new Set(["/a"]) });
  apply(state, { type: "beginSnapshot", path: "/a" });
  apply(state, { type: "forgetSnapshot", path: "/b" });
  assertEquals(state.snapshots, { begun: new Set(["/a"]), ended: new Set() });
});

Deno.test("of snapshots that are over the latest are remembered", () => {
  const state = createState();
  for (let i = 0; i <= MAX_ENDED_SNAPSHOTS; i++) apply(state, { type: "endSnapshot", path: `/${i}` });
  assertEquals(state.snapshots.ended.size, MAX_ENDED_SNAPSHOTS);
  assertEquals(state.snapshots.ended.has("/0"), false);
  assertEquals(state.snapshots.ended.has(`/${MAX_ENDED_SNAPSHOTS}`), true);
});
