import { assertEquals } from "@std/assert";
import { showSpec } from "../../src/element/mod.ts";
import { elementSpecOf, isCompleteSpec, openSpecs } from "../../src/graph/mod.ts";
import { batch, dataService, filter, map, range, shuffle, zip } from "./support/nodes.ts";

Deno.test("a graph without functions leaves nothing open", () => {
  for (const dataset of [range(3), batch(shuffle(range(3), 9), 2), zip(range(1), filter(range(2)))]) {
    assertEquals(openSpecs(dataset), []);
    assertEquals(isCompleteSpec(elementSpecOf(dataset)), true);
  }
});

Deno.test("what a function gives is looked at below the operators that say the rest", () => {
  const mapped = map(range(3));
  assertEquals(openSpecs(mapped), [mapped]);
  assertEquals(openSpecs(batch(shuffle(filter(mapped), 9), 2)), [mapped]);
  assertEquals(openSpecs(map(batch(mapped, 2))).length, 1);
  assertEquals(openSpecs(zip(mapped, range(3), map(map(range(1))))).length, 2);
  assertEquals(openSpecs(zip(mapped, mapped)), [mapped]);
});

Deno.test("specs that were seen complete the root's", () => {
  const mapped = map(range(3));
  const root = batch(zip(mapped, range(3)), 2);
  assertEquals(isCompleteSpec(elementSpecOf(root)), false);
  const seen = new Map([[mapped, { kind: "string" } as const]]);
  assertEquals(showSpec(elementSpecOf(root, seen)), "[string[], Float64Array(?)]");
});

Deno.test("what another service gives is looked at there, or below it", () => {
  const remote = dataService(null);
  assertEquals(openSpecs(remote), [remote]);
  assertEquals(openSpecs(dataService(map(range(3)))).length, 1);
});
