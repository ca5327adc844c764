import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { inTurn, median } from "./in_turn.ts";

Deno.test("Sides are measured in turn, and their figures keep the order of the rounds", async () => {
  const order: string[] = [];
  const side = (name: string) => () => {
    order.push(name);
    return Promise.resolve(order.length);
  };
  const rounds: number[] = [];
  const figures = await inTurn(3, { a: side("a"), b: side("b") }, (round) => rounds.push(round));
  assertEquals(order, ["a", "b", "a", "b", "a", "b"]);
  assertEquals(figures, { a: [1, 3, 5], b: [2, 4, 6] });
  assertEquals(rounds, [1, 2, 3]);
});

Deno.test("One side begins only when the other has ended", async () => {
  let running = 0;
  const side = async () => {
    assertEquals(running++, 0);
    await new Promise((resolve) => queueMicrotask(() => resolve(null)));
    return --running;
  };
  assertEquals(await inTurn(2, { a: side, b: side }), { a: [0, 0], b: [0, 0] });
});

Deno.test("A measurement that fails ends the row with its error", async () => {
  await assertRejects(() => inTurn(3, { a: () => Promise.reject(new Error("gone")) }), Error, "gone");
});

Deno.test("The median of an odd number of figures is one of them, of an even number the mean of two", () => {
  assertEquals(median([5]), 5);
  assertEquals(median([30, 4, 200]), 30);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertThrows(() => median([]), RangeError, "Cannot take the median of no figures");
});

Deno.test("As many figures lie below the median as above, and the input keeps its order", () => {
  fc.assert(fc.property(fc.array(fc.integer(), { minLength: 1 }), (figures) => {
    const before = [...figures];
    const middle = median(figures);
    assertEquals(figures, before);
    assertEquals(
      figures.filter((figure) => figure < middle).length <= figures.length / 2 &&
        figures.filter((figure) => figure > middle).length <= figures.length / 2,
      true,
    );
  }));
});
