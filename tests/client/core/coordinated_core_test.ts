import { assertEquals } from "@std/assert";
import { CoordinatedCore } from "../../../src/client/core/coordinated_core.ts";
import type {
  CoordinatedCommand,
  CoordinatedEvent,
  CoordinatedListing,
} from "../../../src/client/core/coordinated_events.ts";

const TASK: CoordinatedListing = {
  id: 1n,
  address: "w:1",
  workerUid: "run-1",
  finished: false,
  startingRound: 0,
};

const listed = (...tasks: CoordinatedListing[]) =>
  ({ kind: "listed", tasks, iterationFinished: false, blockRound: null }) as const;
const element = (round: number) =>
  ({
    kind: "answered",
    task: 1n,
    round,
    answer: { kind: "element", element: `e${round}`, bytes: 8 },
  }) as const;
const failed = (rounds: number[], address = "w:1") =>
  ({ kind: "askFailed", task: 1n, address, rounds }) as const;
const wanted = { kind: "wanted" } as const;

class Driver {
  readonly core: CoordinatedCore<string>;

  constructor(maxSlots: number | null = null, maxBytes = 1_000_000) {
    this.core = new CoordinatedCore({ maxSlots, maxBytes });
  }

  /** Steps through events; gives the commands of the last. */
  run(...events: CoordinatedEvent<string>[]): CoordinatedCommand<string>[] {
    return events.map((event) => this.core.step(event)).at(-1)!;
  }

  /** The rounds that the last of some events has it ask for. */
  asks(...events: CoordinatedEvent<string>[]): readonly (readonly number[])[] {
    return this.run(...events).flatMap((command) => command.kind === "ask" ? [command.rounds] : []);
  }
}

Deno.test("one request asks for several rounds, and the next for as many once half of them are used", () => {
  const driver = new Driver(4);
  assertEquals(driver.asks(listed(TASK)), [[0, 1, 2, 3]]);
  assertEquals(driver.asks(element(0), element(1), wanted), []);
  assertEquals(driver.asks(wanted), [[4, 5]]);
});

Deno.test("a program that waits has requests bring more, up to 64 a task", () => {
  const driver = new Driver();
  assertEquals(driver.asks(listed(TASK)), [[0, 1, 2, 3]]);
  let next = 0;
  const sizes = new Set<number>();
  while (next < 500) {
    const [rounds] = driver.asks(wanted, element(next++));
    if (rounds) sizes.add(rounds.length);
  }
  assertEquals(Math.max(...sizes), 32);
});

Deno.test("a program that never waits has no more than a few elements waiting", () => {
  const driver = new Driver();
  driver.run(listed(TASK));
  const asked = [0, 1, 2, 3];
  for (let taken = 0; taken < 100; taken++) {
    while (asked.length > 0) driver.run(element(asked.shift()!));
    for (const command of driver.run(wanted)) {
      if (command.kind === "ask") asked.push(...command.rounds);
    }
    assertEquals(asked.length <= 4, true);
  }
});

Deno.test("large elements are asked for in small numbers, one at least", () => {
  const large = (round: number) =>
    ({
      kind: "answered",
      task: 1n,
      round,
      answer: { kind: "element", element: "", bytes: 600_000 },
    }) as const;
  const driver = new Driver();
  driver.run(listed(TASK), wanted, large(0));
  driver.run(large(1), large(2), large(3), wanted, wanted);
  assertEquals(driver.asks(wanted), [[4]]);
  assertEquals(driver.asks(large(4), wanted), [[5]]);
});

Deno.test("rounds that a reply left out are asked for again at once, without counting as a failure", () => {
  const driver = new Driver(4);
  driver.run(listed(TASK), element(0));
  const [again] = driver.run({ kind: "unanswered", task: 1n, rounds: [1, 2, 3] });
  assertEquals(again, {
    kind: "ask",
    task: 1n,
    address: "w:1",
    rounds: [1, 2, 3],
    oldest: 1,
    skipped: [],
    allowSkip: false,
    attempt: 0,
  });
});

Deno.test("after a failure the oldest round goes ahead alone, and the others follow its answer", () => {
  const driver = new Driver(4);
  driver.run(listed(TASK));
  assertEquals(driver.asks(failed([0, 1, 2, 3])), [[0]]);
  assertEquals(driver.asks(element(0)), [[1, 2, 3]]);
});

Deno.test("every address is tried, the worker's own last, before the others are asked about a removal", () => {
  const driver = new Driver(2);
  const [first] = driver.run(listed({ ...TASK, dataAddresses: ["http://own:2"] }));
  assertEquals(first.kind === "ask" && first.address, "http://own:2");
  const second = driver.run(failed([0, 1], "http://own:2"));
  assertEquals(second.map((c) => c.kind === "ask" && c.address), ["w:1"]);
  const third = driver.run(failed([0]));
  assertEquals(third.map((c) => c.kind === "ask" && c.address), ["http://own:2"]);
  assertEquals(driver.run(failed([0], "http://own:2")).map(({ kind }) => kind), ["remove"]);
});

Deno.test("an address that was given up for another one is not gone back to when an older request fails there", () => {
  const driver = new Driver(4);
  driver.run(listed({ ...TASK, dataAddresses: ["http://own:2"] }), element(0), element(1), wanted, wanted);
  driver.run(failed([2, 3], "http://own:2"));
  const asked = driver.run(failed([4, 5], "http://own:2"), element(2));
  assertEquals(asked.map((c) => c.kind === "ask" && c.address), ["w:1"]);
});

Deno.test("a worker that began anew while its removal was pending is greeted once the removal is refused", () => {
  const driver = new Driver(4);
  driver.run(listed(TASK), element(2), element(3), failed([0, 1]), failed([0]));
  const anew = { ...TASK, workerUid: "run-2" };
  assertEquals(driver.asks(listed(anew)), [], "nothing is asked for before the removal is answered");
  assertEquals(driver.asks({ kind: "removalAnswered", task: 1n, removedRound: null }), [[0]]);
  // The answers of the former run behind the gap are void: the new one gives out these rounds anew.
  assertEquals(driver.asks(listed(anew)), [[0]]);
  assertEquals(driver.asks(element(0)), [[1, 2, 3]]);
});

const end = (round: number) => ({ kind: "answered", task: 1n, round, answer: { kind: "end" } }) as const;
const confirmed = (isHeard: boolean) => ({ kind: "endConfirmed", task: 1n, isHeard }) as const;

Deno.test("an end is confirmed again and again until all consumers have heard of it", () => {
  const driver = new Driver(2);
  const confirmation = { kind: "confirmEnd", task: 1n, addresses: ["w:1"], round: 2, ended: 1 } as const;
  assertEquals(driver.run(listed(TASK), wanted, end(1), element(0)), [
    confirmation,
    { kind: "handOver", element: "e0" },
  ]);
  driver.run(confirmed(true), wanted);
  // The worker may be another run by now, which knows nothing of the end.
  assertEquals(driver.run(listed(TASK)), [confirmation]);
  driver.run(confirmed(true), { kind: "heartbeatSent" });
  assertEquals(driver.run(listed({ ...TASK, finished: true })), [{ kind: "finish" }]);
});

Deno.test("an end answers the rounds behind it: a new run of the worker is not asked for them", () => {
  const driver = new Driver(4);
  driver.run(listed(TASK), wanted, end(1));
  const failed = { kind: "askFailed", task: 1n, address: "w:1", rounds: [0, 2, 3] } as const;
  assertEquals(driver.asks(failed), [[0]], "round 2 is over, whatever the new run has");
  assertEquals(driver.run(element(2)), [], "nobody waits for it");
  assertEquals(driver.run(element(0)), [
    { kind: "confirmEnd", task: 1n, addresses: ["w:1"], round: 4, ended: 1 },
    { kind: "handOver", element: "e0" },
  ]);
});

Deno.test("where an end cannot be confirmed, the others are asked whether they have lost the worker, too", () => {
  const driver = new Driver(2);
  driver.run(listed(TASK), wanted, end(1), element(0), wanted);
  assertEquals(driver.run(confirmed(false)), [{ kind: "remove", task: 1n, round: 2, untakenRound: 2 }]);
  const [again] = driver.run({ kind: "removalAnswered", task: 1n, removedRound: null });
  assertEquals(again.kind, "confirmEnd");
  driver.run(confirmed(false));
  assertEquals(driver.run(listed({ ...TASK, finished: true })), [{ kind: "heartbeat" }]);
});
