import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type IndexRun, Ledger, ProvenanceWriter, type SourcePass } from "../../../src/element/mod.ts";

const PASSES: readonly SourcePass[] = [
  { source: 0, repetition: 0 },
  { source: 0, repetition: 1 },
  { source: 1, repetition: 0 },
];

/** What may happen below whoever packs elements. */
type Step =
  /** A source gives `count` indexes in order, from where it is or from `start` on. */
  | { kind: "give"; pass: number; start: number | null; count: number }
  | { kind: "offset" | "end"; pass: number; index: number; offset: number }
  /** What another stretch held comes in: `count` indexes from `index` on. */
  | { kind: "put"; pass: number; index: number; count: number }
  | { kind: "mark" }
  | { kind: "finish" };

const pass = fc.nat(PASSES.length - 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("give" as const),
        pass,
        start: fc.option(fc.nat(20), { freq: 3 }),
        count: fc.nat(3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("offset" as const, "end" as const),
        pass,
        index: fc.nat(20),
        offset: fc.nat(3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("put" as const), pass, index: fc.nat(20), count: fc.nat(3) }),
    },
    { weight: 8, arbitrary: fc.constant({ kind: "mark" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "finish" as const }) },
  ),
  { maxLength: 60 },
);

/** Gives indexes of a pass as sources do. */
interface Source {
  give(): void;
  moveTo(index: number): void;
}

/** Enters each index by itself. */
function plainSource(ledger: Ledger, pass: SourcePass): Source {
  let at = 0;
  return { give: () => ledger.add(pass, at++), moveTo: (index) => at = index };
}

/** Has its run followed. */
function followedSource(ledger: Ledger, pass: SourcePass): Source {
  let run: IndexRun | null = null;
  let at = 0;
  return {
    give() {
      if (run === null || ledger.open !== run) run = ledger.follow(pass, run?.at ?? at);
      run.at++;
    },
    moveTo(index) {
      run = null;
      at = index;
    },
  };
}

/** The bytes of the blocks that the steps make. */
function blocks(list: readonly Step[], sourceOf: typeof plainSource): number[][] {
  const ledger = new Ledger();
  const writer = new ProvenanceWriter(ledger);
  const sources = PASSES.map((pass) => sourceOf(ledger, pass));
  const bytes: number[][] = [];
  for (const step of [...list, { kind: "mark" }, { kind: "finish" }] as Step[]) {
    switch (step.kind) {
      case "give":
        if (step.start !== null) sources[step.pass].moveTo(step.start);
        for (let i = 0; i < step.count; i++) sources[step.pass].give();
        break;
      case "offset":
        ledger.addOffset(PASSES[step.pass], step.index, step.offset);
        break;
      case "end":
        ledger.addEnd(PASSES[step.pass], step.index, step.offset);
        break;
      case "put": {
        const other = new Ledger();
        for (let i = 0; i < step.count; i++) other.add(PASSES[step.pass], step.index + i);
        ledger.put(other.take());
        break;
      }
      case "mark":
        writer.mark();
        break;
      case "finish":
        bytes.push([...writer.finish()]);
    }
  }
  assert(ledger.isEmpty);
  return bytes;
}

Deno.test("a source that only counts is noted as one that enters each index", () => {
  fc.assert(
    fc.property(steps, (list) => assertEquals(blocks(list, followedSource), blocks(list, plainSource))),
    { numRuns: 3_000 },
  );
});

Deno.test("what was counted can be taken and forgotten, and the source goes on", () => {
  const [pass] = PASSES;
  const ledger = new Ledger();
  const run = ledger.follow(pass, 5);
  assert(ledger.isEmpty);
  run.at += 3;
  assert(!ledger.isEmpty);
  assertEquals(ledger.take(), { pass, index: 5, offset: -1, length: 3 });
  assertEquals(ledger.take(), null);
  run.at += 2;
  ledger.forget();
  run.at += 1;
  assert(ledger.open === run);
  assertEquals(ledger.take(), { pass, index: 10, offset: -1, length: 1 });
});

Deno.test("one index that was counted is taken by its number, anything else is not", () => {
  const [pass] = PASSES;
  const ledger = new Ledger();
  assertEquals(ledger.takeCounted(), -1);
  const run = ledger.follow(pass, 5);
  assertEquals(ledger.takeCounted(), -1);
  run.at++;
  assertEquals(ledger.takeCounted(), 5);
  assert(ledger.isEmpty);
  run.at += 2;
  assertEquals(ledger.takeCounted(), -1);
  assertEquals(ledger.length, 2);
  run.at++;
  assertEquals(ledger.takeCounted(), -1);
  assertEquals(ledger.take(), { pass, index: 6, offset: -1, length: 3 });
  run.at++;
  assertEquals(ledger.takeCounted(), 9);
});

Deno.test("whatever else is entered ends the run: its source begins another one", () => {
  const [pass, other] = PASSES;
  const ledger = new Ledger();
  for (
    const enter of [
      () => ledger.add(other, 0),
      () => ledger.addOffset(other, 0, 1),
      () => ledger.addEnd(other, 0, 2),
      () => ledger.put({ pass: other, index: 7, offset: -1, length: 2 }),
      () => void ledger.follow(other, 3),
    ]
  ) {
    const run = ledger.follow(pass, 0);
    enter();
    assert(ledger.open !== run);
    ledger.forget();
  }
});
