import { assertEquals } from "@std/assert";
import { Consumption } from "../../../src/client/core/consumption.ts";
import { ConsumedSet } from "../../../src/element/mod.ts";
import { indexes } from "./provenance_of.ts";

const plain = ({ consumed, left }: ReturnType<Consumption["report"]>) => ({
  consumed: consumed.map(({ task, consumed }) => [task, consumed.sources()[0].ranges]),
  left,
});

Deno.test("a report says what was taken since the last one that was answered", () => {
  const consumption = new Consumption();
  consumption.take(1n, indexes(0, 10), 0, 10);
  assertEquals(plain(consumption.report()), { consumed: [[1n, [{ start: 0, end: 10 }]]], left: [] });
  consumption.answered();
  consumption.take(1n, indexes(10, 5), 0, 2);
  assertEquals(plain(consumption.report()), { consumed: [[1n, [{ start: 10, end: 12 }]]], left: [] });
  consumption.answered();
  assertEquals(plain(consumption.report()), { consumed: [], left: [] });
});

Deno.test("what a lost report said is said again, with what came since", () => {
  const consumption = new Consumption();
  consumption.take(1n, indexes(0, 10), 0, 10);
  consumption.report();
  consumption.take(1n, indexes(10, 10), 0, 10);
  consumption.take(2n, indexes(40, 1), 0, 1);
  consumption.leave(7n);
  assertEquals(plain(consumption.report()), {
    consumed: [[1n, [{ start: 0, end: 20 }]], [2n, [{ start: 40, end: 41 }]]],
    left: [7n],
  });
});

Deno.test("what is taken while a report is under way is said by the next", () => {
  const consumption = new Consumption();
  consumption.take(1n, indexes(0, 10), 0, 10);
  consumption.report();
  consumption.take(1n, indexes(10, 10), 0, 10);
  consumption.leave(1n);
  consumption.answered();
  assertEquals(plain(consumption.report()), { consumed: [[1n, [{ start: 10, end: 20 }]]], left: [1n] });
});

Deno.test("a task counts as left until an answer shows that the dispatcher has heard it", () => {
  const consumption = new Consumption();
  consumption.leave(1n);
  consumption.answered(); // Of a heartbeat that was sent before.
  assertEquals(consumption.hasLeft(1n), true);
  consumption.report();
  consumption.answered();
  assertEquals(consumption.hasLeft(1n), false);
});

Deno.test("the whole holds what a former reader had, and does not change with what comes later", () => {
  const before = new ConsumedSet();
  before.add(0, 0, 100, 200);
  const consumption = new Consumption(before);
  consumption.take(1n, indexes(0, 100), 0, 100);
  const whole = consumption.consumed();
  consumption.take(1n, indexes(200, 1), 0, 1);
  assertEquals(whole.sources()[0].ranges, [{ start: 0, end: 200 }]);
});

Deno.test("an element without provenance leaves the account open", () => {
  const consumption = new Consumption();
  consumption.take(1n, null, 0, 0);
  assertEquals(consumption.isTracked, true);
  consumption.take(1n, null, 0, 1);
  assertEquals(consumption.isTracked, false);
});
