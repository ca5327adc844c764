import { assert, assertEquals } from "@std/assert";
import { checkNode, type GraphNode, inlineFunction } from "../../../src/graph/mod.ts";
import type { MakeBlockSource } from "../../../src/worker/runners/block_source.ts";
import { range } from "../../executor/support.ts";
import { KeepingSink, sorted, turns } from "./support.ts";

/** A map of a dataset, with a function that can travel. */
export function map(input: GraphNode, fn: (x: number) => unknown, parallel = 1): GraphNode {
  return checkNode({
    op: "map",
    inputs: [input],
    fn: inlineFunction(fn),
    parallel,
    deterministic: null,
  });
}

/** What every source of blocks owes to its sink. `make` gives a source of the dataset's elements. */
export function testBlockSource(name: string, make: (root: GraphNode) => MakeBlockSource): void {
  Deno.test(`${name}: every element comes once, and then the end`, async () => {
    const sink = new KeepingSink(make(map(range(3_000), (x) => x * 2)));
    const expected = Array.from({ length: 3_000 }, (_, x) => x * 2);
    assertEquals(sorted(await sink.toEnd()), sorted(expected));
    assertEquals(sink.ended, 1);
    await sink.source.stop(new Error("The test is over"));
  });

  Deno.test(`${name}: nothing in it is an end at once`, async () => {
    const sink = new KeepingSink(make(range(0)));
    assertEquals(await sink.toEnd(), []);
    await sink.source.stop(new Error("The test is over"));
  });

  Deno.test(`${name}: an error takes the place of its element, and the others come`, async () => {
    const root = map(range(1_000), (x) => {
      if (x % 100 === 7) throw new TypeError(`odd ${x}`);
      return x;
    });
    const sink = new KeepingSink(make(root));
    const elements = await sink.toEnd();
    const errors = elements.filter((element) => typeof element === "string");
    assertEquals([elements.length, errors.length], [1_000, 10]);
    for (let x = 7; x < 1_000; x += 100) {
      assertEquals(errors.filter((error) => `${error}`.endsWith(`odd ${x}}`)).length, 1);
    }
    await sink.source.stop(new Error("The test is over"));
  });

  Deno.test(`${name}: nothing comes that there is no room for`, async () => {
    const sink = new KeepingSink(make(map(range(3_000), (x) => x)));
    for (sink.room = 1; sink.ended === 0; sink.room++) {
      sink.source.poke();
      await turns(5);
      assert(sink.items.length <= sink.room);
    }
    assertEquals(sink.elements().length, 3_000);
    await sink.source.stop(new Error("The test is over"));
  });

  Deno.test(`${name}: after a stop in the middle nothing comes`, async () => {
    const sink = new KeepingSink(make(map(range(1_000_000), (x) => x)));
    sink.room = 40;
    sink.source.poke();
    while (sink.items.length < 40) await turns(1);
    await sink.source.stop(new Error("The test is over"));
    sink.room = Infinity;
    await sink.source.stop(new Error("Again"));
    await turns();
    assertEquals([sink.items.length, sink.ended], [40, 0]);
  });

  Deno.test(`${name}: what cannot be built is an error for each reader that waits`, async () => {
    const sink = new KeepingSink(
      make(checkNode({ op: "shard", inputs: [range(1)], num: -1, index: -1 })),
    );
    sink.room = 2;
    sink.source.poke();
    while (sink.items.length < 2) await turns(1);
    assert(sink.elements().every((element) => `${element}`.includes("SHARD_HINT")));
    await sink.source.stop(new Error("The test is over"));
  });
}
