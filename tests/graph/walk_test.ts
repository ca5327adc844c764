import { assertEquals } from "@std/assert";
import { cardinalityOf, type GraphNode, walk } from "../../src/graph/mod.ts";
import { dataService, range, take, zip } from "./support/nodes.ts";

Deno.test("a walk gives each node once, inputs first", () => {
  const source = range(10);
  const left = take(source, 3);
  const root = zip(left, source, left);
  assertEquals([...walk(root)], [source, left, root]);
});

Deno.test("a walk goes on below a service", () => {
  assertEquals([...walk(dataService(range(3)))].map((node) => node.op), ["range", "dataService"]);
});

Deno.test("graphs deeper than the call stack are walked", () => {
  let node: GraphNode = range(10);
  for (let i = 0; i < 50_000; i++) node = take(node, 9);
  assertEquals([...walk(node)].length, 50_001);
  assertEquals(cardinalityOf(node), 9);
});
