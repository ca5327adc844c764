/** Fast paths, each against the plain one as its model. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeClock, type MaybePromise, messageOf } from "../../../src/base/mod.ts";
import { type Element, stack } from "../../../src/element/mod.ts";
import { BoundFunction } from "../../../src/executor/bound_function.ts";
import type { SpreadFunction } from "../../../src/executor/call_spreader.ts";
import { Failure } from "../../../src/executor/failure.ts";
import { DONE, type ElementIterator, type Pulled } from "../../../src/executor/iterator.ts";
import { Batch } from "../../../src/executor/operators/batch.ts";
import { Chain, follow } from "../../../src/executor/operators/chain.ts";
import { SequentialFilter } from "../../../src/executor/operators/sequential_filter.ts";
import { SequentialMap } from "../../../src/executor/operators/sequential_map.ts";
import { SpreadGauge } from "../../../src/executor/operators/spread_gauge.ts";
import { ThreadedMap } from "../../../src/executor/operators/threaded_map.ts";

type Kind = "map" | "filter";

// deno-lint-ignore no-explicit-any -- user functions take and give anything
const FUNCTIONS: [kind: Kind, call: (x: any) => any][] = [
  ["map", (x) => x + 1],
  ["map", (x) => x * 0.5],
  ["map", (x) => typeof x === "number" ? String(x) : x.length],
  ["map", (x) => Promise.resolve(x)],
  ["map", (x) => x === 3 ? undefined : x],
  ["map", (x) => {
    if (x === 4) throw new Error("four");
    return x;
  }],
  ["map", (x) => x === 5 ? Promise.reject(new Error("five")) : x],
  ["filter", (x) => x !== 2],
  ["filter", (x) => Promise.resolve(x !== 6)],
  ["filter", (x) => {
    if (x === 7) throw new Error("seven");
    return x;
  }],
];

const OPERATOR_CONTEXT = {
  captures: null,
  Dataset: { fromArray: () => ({}) },
  signal: new AbortController().signal,
};

function bind([kind, call]: (typeof FUNCTIONS)[number]): BoundFunction {
  return new BoundFunction(call, OPERATOR_CONTEXT, kind);
}

/** Items as they are; "later:" comes as a promise, "error:" is thrown, "reject:" both. */
function source(items: readonly [how: "now" | "later" | "error" | "reject", value: Element][]) {
  let at = 0;
  const iterator: ElementIterator<Element> = {
    next(): MaybePromise<Pulled<Element>> {
      if (at >= items.length) return DONE;
      const [how, value] = items[at++];
      switch (how) {
        case "now":
          return value;
        case "later":
          return Promise.resolve(value);
        case "error":
          throw new Error(`input ${value}`);
        case "reject":
          return Promise.reject(new Error(`input ${value}`));
      }
    },
    close: () => {},
  };
  return iterator;
}

/** Everything that pulls give, errors in braces. */
async function outcomes(iterator: ElementIterator<Element>): Promise<Element[]> {
  const all: Element[] = [];
  for (let pulls = 0; pulls < 1_000; pulls++) {
    try {
      const pulled = await iterator.next();
      if (pulled === DONE) return all;
      all.push(pulled);
    } catch (error) {
      all.push(`{${messageOf(error)}}`);
    }
  }
  throw new Error("The iterator does not end");
}

const items = (value: fc.Arbitrary<Element>) =>
  fc.array(
    fc.tuple(
      fc.constantFrom<"now" | "later" | "error" | "reject">("now", "now", "now", "later", "error", "reject"),
      value,
    ),
    { maxLength: 30 },
  );

Deno.test("a chain gives what its maps and filters give one after the other, errors and waits included", async () => {
  await fc.assert(
    fc.asyncProperty(
      items(fc.integer({ min: 0, max: 9 })),
      fc.array(fc.constantFrom(...FUNCTIONS), { minLength: 1, maxLength: 8 }),
      async (input, functions) => {
        const model = functions.reduce<ElementIterator<Element>>(
          (inner, fn) =>
            fn[0] === "map" ? new SequentialMap(inner, bind(fn)) : new SequentialFilter(inner, bind(fn)),
          source(input),
        );
        const chain = new Chain(source(input));
        for (const fn of functions) chain.add(fn[0], bind(fn));
        const built = functions.reduce((inner, fn) => follow(inner, fn[0], bind(fn)), source(input));
        const expected = await outcomes(model);
        assertEquals(await outcomes(chain), expected);
        assertEquals(await outcomes(built), expected);
        assertEquals(built instanceof Chain, functions.length >= 4);
      },
    ),
  );
});

Deno.test("numbers that are written as they come make the batches that gathered ones make", async () => {
  const value = fc.oneof(
    { weight: 9, arbitrary: fc.oneof(fc.integer(), fc.constantFrom(-0, NaN, Infinity, 0.5)) },
    { weight: 1, arbitrary: fc.constantFrom<Element>("text", null, [1]) },
  );
  await fc.assert(
    fc.asyncProperty(
      items(value),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      async (input, size, drop) => {
        const options = { size, dropRemainder: drop };
        const model = new Batch(source(input), options, stack);
        const fast = new Batch(source(input), options, stack, { numbers: true });
        assertEquals(await outcomes(fast), await outcomes(model));
      },
    ),
  );
});

Deno.test("a batch of numbers is not written to again", async () => {
  const batch = new Batch(
    source([1, 2, 3, 4].map((x) => ["now", x])),
    { size: 2, dropRemainder: false },
    stack,
    {
      numbers: true,
    },
  );
  assertEquals(await outcomes(batch), [new Float64Array([1, 2]), new Float64Array([3, 4])]);
});

/** Another thread that answers when the test's random says so; at most two batches at a time. */
function threadOf(fn: BoundFunction, delays: readonly number[]): SpreadFunction {
  let under = 0;
  let calls = 0;
  return {
    threads: 1,
    get free() {
      return under < 2;
    },
    async call(first, elements) {
      under++;
      for (let i = delays[calls++ % delays.length]; i > 0; i--) await Promise.resolve();
      const outcomes: (Element | Failure)[] = [];
      for (const [i, element] of elements.entries()) {
        try {
          outcomes.push(fn.result(first + i, await fn.invoke(first + i, element)));
        } catch (error) {
          outcomes.push(new Failure(error));
        }
      }
      under--;
      return outcomes;
    },
    close: () => {},
  };
}

Deno.test("a map on several threads gives what one on this thread gives", async () => {
  const maps = FUNCTIONS.filter(([kind]) => kind === "map");
  await fc.assert(
    fc.asyncProperty(
      items(fc.integer({ min: 0, max: 9 })),
      fc.constantFrom(...maps),
      fc.array(fc.nat(20), { minLength: 1 }),
      fc.integer({ min: 2, max: 6 }),
      fc.boolean(),
      async (input, fn, delays, parallel, deterministic) => {
        const gauge = new SpreadGauge();
        gauge.called(2, 0, 0); // Two calls make a batch.
        const threaded = new ThreadedMap({
          input: source(input),
          fn: bind(fn),
          begun: 0,
          remote: threadOf(bind(fn), delays),
          poll: () => {},
          clock: new FakeClock(),
          gauge,
          parallel,
          deterministic,
        });
        const expected = await outcomes(new SequentialMap(source(input), bind(fn)));
        const given = await outcomes(threaded);
        if (deterministic) assertEquals(given, expected);
        else assertEquals(given.map(String).sort(), expected.map(String).sort());
      },
    ),
  );
});

Deno.test("a map on several threads holds its input back while nobody reads", async () => {
  let pulls = 0;
  const input: ElementIterator<Element> = { next: () => pulls++, close: () => {} };
  const gauge = new SpreadGauge();
  gauge.called(2, 0, 0);
  const double: (typeof FUNCTIONS)[number] = ["map", (x) => x * 2];
  const threaded = new ThreadedMap({
    input,
    fn: bind(double),
    begun: 0,
    remote: threadOf(bind(double), [3]),
    poll: () => {},
    clock: new FakeClock(),
    gauge,
    parallel: 2,
    deterministic: true,
  });
  assertEquals(await threaded.next(), 0);
  for (let i = 0; i < 1_000; i++) await Promise.resolve();
  assert(pulls < 20, `${pulls} elements were pulled for one`);
  await threaded.close();
});

Deno.test("this thread goes on calling while another one has two batches, until six wait for them", async () => {
  let calls = 0;
  let index = 0;
  const gauge = new SpreadGauge();
  gauge.called(2, 0, 0); // Two calls make a batch of 4 ms.
  const answers: (() => void)[] = [];
  const threaded = new ThreadedMap({
    input: { next: () => index++, close: () => {} },
    fn: bind(["map", (x) => (calls++, x)]),
    begun: 0,
    remote: {
      threads: 1,
      get free() {
        return answers.length < 2;
      },
      call: (_, elements) => new Promise((resolve) => answers.push(() => resolve(elements))),
      close: () => {},
    },
    poll: () => {},
    clock: new FakeClock(),
    gauge,
    parallel: 2,
    deterministic: true,
  });
  const first = threaded.next();
  for (let i = 0; i < 100; i++) await Promise.resolve();
  assertEquals([calls, index], [12, 16]);
  answers[0]();
  answers[1]();
  assertEquals([await first, ...await Promise.all([1, 2, 3].map(() => threaded.next()))], [0, 1, 2, 3]);
  assertEquals(calls, 12);
  await threaded.close();
});

Deno.test("a pull that waits for another thread ends when the map is closed", async () => {
  const fn: (typeof FUNCTIONS)[number] = ["map", (x) => x];
  const gauge = new SpreadGauge();
  gauge.called(2, 0, 0);
  const threaded = new ThreadedMap({
    input: source([["now", 1]]),
    fn: bind(fn),
    begun: 0,
    remote: { threads: 1, free: true, call: () => new Promise(() => {}), close: () => {} },
    poll: () => {},
    clock: new FakeClock(),
    gauge,
    parallel: 2,
    deterministic: true,
  });
  const pulled = threaded.next();
  await threaded.close();
  assertEquals(await pulled, DONE);
});
