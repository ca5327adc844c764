/** Laws that every operator keeps, checked for each entry of the table. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { DONE, execute } from "../../src/executor/mod.ts";
import { map, OPERATORS } from "./operator_table.ts";
import { type Pace, probe } from "./probe.ts";
import { fromArray, range, run, runSync, runWithErrors, testContext } from "./support.ts";

const ITEMS = [4, 7, 2, 9, 3, 5, 8, 1, 6];

for (const operator of OPERATORS) {
  Deno.test(`${operator.name} gives what its model gives, however its input comes`, async () => {
    for (const pace of ["sync", "async", "mixed"] satisfies Pace[]) {
      const { node } = probe(ITEMS, pace);
      assertEquals(await run(operator.build(node)), operator.model(ITEMS), pace);
    }
  });

  Deno.test(`${operator.name} takes empty inputs, and its end stays the end`, async () => {
    for (const pace of ["sync", "async"] satisfies Pace[]) {
      const iterator = execute(operator.build(probe([], pace).node), testContext());
      const expected = operator.model([]);
      for (const element of expected) assertEquals(await iterator.next(), element);
      assertStrictEquals(await iterator.next(), DONE);
      assertStrictEquals(await iterator.next(), DONE);
      await iterator.close();
      assertStrictEquals(iterator.next(), DONE);
    }
  });

  if (!operator.waits) {
    Deno.test(`${operator.name} gives no promise over a source that does not wait`, () => {
      assertEquals(runSync(operator.build(fromArray(ITEMS))), operator.model(ITEMS));
    });
  }

  if (!operator.positional) {
    Deno.test(`${operator.name} goes on behind an element that failed`, async () => {
      for (const later of [false, true]) {
        const failing = map(fromArray(ITEMS), (x: number) => {
          if (x !== 2) return later ? Promise.resolve(x) : x;
          const error = new Error("two");
          if (later) return Promise.reject(error);
          throw error;
        });
        const items = await runWithErrors(operator.build(failing));
        const errors = items.filter((item) => typeof item === "string");
        const expected = ITEMS.filter((x) => x !== 2);
        assertEquals(items.filter((item) => typeof item === "number"), operator.model(expected));
        assertEquals(
          errors,
          operator.name === "ignoreErrors" ? [] : ["InternalError: Cannot map element 2: two"],
        );
      }
    });
  }

  Deno.test(`${operator.name} closes its input when the reader leaves early, twice without harm`, async () => {
    for (const pace of ["sync", "async"] satisfies Pace[]) {
      const { node, counts } = probe([1, 2, 3, 4, ...ITEMS], pace, true);
      const iterator = execute(operator.build(node), testContext());
      await iterator.next();
      await iterator.close();
      await iterator.close();
      assertEquals(counts.closed, counts.begun);
    }
  });

  Deno.test(`${operator.name} lets an abort end a wait, and frees its input`, async () => {
    const { node, counts } = probe([2], "async", true);
    const controller = new AbortController();
    const iterator = execute(operator.build(node), testContext({ signal: controller.signal }));
    const reason = new Error("enough");
    const reading = (async () => {
      while (await iterator.next() !== DONE);
    })();
    while (counts.pulled < 2) await Promise.resolve();
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => reading), reason);
    assertEquals(counts.closed, 1);
    await iterator.close();
  });
}

Deno.test("chains of operators give what the chain of their models gives", async () => {
  const chain = fc.array(fc.constantFrom(...OPERATORS), { maxLength: 5 });
  const items = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 12 });
  const pace = fc.constantFrom<Pace>("sync", "async", "mixed");
  await fc.assert(
    fc.asyncProperty(chain, items, pace, async (operators, input, pace) => {
      const expected = operators.reduce((values, { model }) => model(values), input);
      fc.pre(expected.length < 2_000);
      const root = operators.reduce((node, { build }) => build(node), probe(input, pace).node);
      assertEquals(await run(root), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("chains without a wait give no promise", () => {
  const chain = fc.array(fc.constantFrom(...OPERATORS.filter(({ waits }) => !waits)), { maxLength: 5 });
  fc.assert(
    fc.property(chain, fc.integer({ min: 0, max: 9 }), (operators, stop) => {
      const expected = operators.reduce((values, { model }) => model(values), [...Array(stop).keys()]);
      assertEquals(runSync(operators.reduce((node, { build }) => build(node), range(stop))), expected);
    }),
    { numRuns: 200 },
  );
});

Deno.test("leaving a chain anywhere frees its source", async () => {
  const chain = fc.array(fc.constantFrom(...OPERATORS), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      chain,
      fc.nat(6),
      fc.constantFrom<Pace>("sync", "mixed"),
      async (operators, pulls, pace) => {
        const { node, counts } = probe(ITEMS, pace);
        const iterator = execute(operators.reduce((input, { build }) => build(input), node), testContext());
        let ended = false;
        for (let i = 0; i < pulls && !ended; i++) ended = await iterator.next() === DONE;
        const waiting = iterator.next(); // Nobody awaits it before the close.
        await iterator.close();
        await waiting;
        assert(counts.closed <= counts.begun);
        assertStrictEquals(await iterator.next(), DONE);
        const { pulled } = counts;
        for (let i = 0; i < 20; i++) await Promise.resolve();
        assertEquals(counts.pulled, pulled);
      },
    ),
    { numRuns: 200 },
  );
});
