import { assertEquals, assertThrows } from "@std/assert";
import { FailedPreconditionError } from "../../../src/base/mod.ts";
import { type RoundRequest, RoundTable } from "../../../src/worker/core/rounds.ts";

/** Serves 0, 1, 2, ... and notes what every consumer gets. */
class Driver {
  readonly table: RoundTable<number>;
  readonly got: (number | string)[][];
  #next = 0;

  constructor(readonly numConsumers: number, readonly count = Infinity) {
    this.table = new RoundTable(numConsumers);
    this.got = Array.from({ length: numConsumers }, () => []);
  }

  ask(consumer: number, round: number, options: Partial<RoundRequest> = {}): void {
    this.table.request({ consumer, round, oldest: round, skipped: [], allowSkip: false, ...options });
    while (this.table.due()) {
      if (this.#next + this.numConsumers > this.count) this.table.end();
      else this.table.serve(Array.from({ length: this.numConsumers }, () => this.#next++));
    }
    for (const { consumer, answer } of this.table.takeAnswered()) {
      this.got[consumer].push(answer.kind === "element" ? answer.element : answer.kind);
    }
  }
}

for (const [count, consumers] of [[1000, 5], [1003, 5], [1000, 20], [4, 20], [0, 20]]) {
  Deno.test(`6.18 ConsumeParallel: ${consumers} consumers of ${count} elements get r·N+c, then the end`, () => {
    const driver = new Driver(consumers, count);
    const rounds = Math.floor(count / consumers);
    for (let round = 0; round <= rounds; round++) {
      for (let consumer = consumers - 1; consumer >= 0; consumer--) driver.ask(consumer, round);
    }
    driver.got.forEach((got, c) => {
      assertEquals(got, [...Array.from({ length: rounds }, (_, r) => r * consumers + c), "end"]);
    });
    assertEquals(driver.table.isCompleted, false);
    for (let consumer = 0; consumer < consumers; consumer++) driver.ask(consumer, rounds + 1);
    assertEquals(driver.table.isCompleted, true);
  });
}

Deno.test("6.18 ConsumeParallelPartialRound: after a restart those behind get a round of their own", () => {
  const driver = new Driver(5);
  const begin = [12, 11, 11, 12, 12];
  begin.forEach((first, consumer) => driver.ask(consumer, first));
  for (let round = 12; round < 15; round++) {
    begin.forEach((first, consumer) => round > first && driver.ask(consumer, round));
  }
  assertEquals(driver.got, [[5, 10, 15], [1, 6, 11, 16], [2, 7, 12, 17], [8, 13, 18], [9, 14, 19]]);
});

Deno.test("a round that the former run skipped for some is skipped for those behind", () => {
  const driver = new Driver(2);
  driver.ask(0, 7);
  driver.ask(1, 8, { skipped: [7] });
  driver.ask(0, 8);
  assertEquals(driver.got, [["skip", 0], [1]]);
});

Deno.test("requests may come in any order, and a repeated one gets the same answer until it is confirmed", () => {
  const driver = new Driver(2);
  for (const round of [2, 0, 1]) driver.ask(0, round, { oldest: 0 });
  for (const round of [1, 2, 0]) driver.ask(1, round, { oldest: 0 });
  assertEquals(driver.got, [[0, 2, 4], [1, 3, 5]]);
  driver.ask(0, 1, { oldest: 1 });
  assertEquals(driver.got[0].at(-1), 2);
  driver.ask(0, 3, { oldest: 3 });
  const words = "the current round has already reached 3";
  assertThrows(() => driver.ask(0, 1), FailedPreconditionError, words);
  assertThrows(() => driver.ask(0, 0), FailedPreconditionError, "restarted with the same iteration name");
});

Deno.test("indexes that do not exist are refused", () => {
  const driver = new Driver(2);
  assertThrows(() => driver.ask(2, 0), FailedPreconditionError, "only 2 consumers");
  assertThrows(() => driver.ask(-1, 0), FailedPreconditionError, "consumer index -1");
  assertThrows(() => driver.ask(0, -1), FailedPreconditionError, "Round index must be 0 or more");
  assertThrows(() => driver.ask(0, 1, { oldest: 2 }), FailedPreconditionError, "oldest");
});

Deno.test("a round may be skipped only if all allow it", () => {
  const table = new RoundTable<number>(2);
  const request = { round: 0, oldest: 0, skipped: [] };
  table.request({ ...request, consumer: 0, allowSkip: true });
  assertEquals(table.due(), null);
  table.request({ ...request, consumer: 1, allowSkip: false });
  assertEquals(table.due(), { round: 0, allowSkip: false });
  table.request({ ...request, consumer: 1, allowSkip: true });
  assertEquals(table.due(), { round: 0, allowSkip: true });
  table.skip();
  assertEquals(table.takeAnswered().map(({ consumer, answer }) => [consumer, answer.kind]), [
    [0, "skip"],
    [1, "skip"],
  ]);
});

Deno.test("an error of the pipeline is everybody's, in that round and later", () => {
  const table = new RoundTable<number>(1);
  const request = { consumer: 0, skipped: [], allowSkip: false };
  table.request({ ...request, round: 0, oldest: 0 });
  const error = new Error("broken");
  table.fail(error);
  table.request({ ...request, round: 1, oldest: 1 });
  assertEquals(table.takeAnswered().map(({ answer }) => answer), [
    { kind: "error", error },
    { kind: "error", error },
  ]);
});

Deno.test("a run that began anew ends where a former one had for some, and gives the others what is before", () => {
  const driver = new Driver(2);
  // Consumer 0 has heard that there is nothing from round 5 on; consumer 1 lacks two rounds before that.
  driver.ask(0, 8, { ended: 5 });
  assertEquals(driver.got, [["end"], []]);
  assertEquals(driver.table.isCompleted, false);
  for (const round of [3, 4, 5]) driver.ask(1, round, { oldest: 3 });
  assertEquals(driver.got, [["end"], [1, 3, "end"]]);
  driver.ask(1, 6, { oldest: 6 });
  assertEquals(driver.table.isCompleted, true);
});

Deno.test("a run that began anew when all had heard of the end is completed as soon as all have said so", () => {
  const driver = new Driver(2);
  driver.ask(0, 8, { ended: 5 });
  driver.ask(1, 7, { ended: 5 });
  assertEquals([driver.got, driver.table.isCompleted], [[["end"], ["end"]], true]);
});
