import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError } from "../../../src/base/mod.ts";
import {
  ConsumedSet,
  decodeProvenance,
  Ledger,
  NO_MORE_OFFSETS,
  ProvenanceWriter,
  type SourcePass,
} from "../../../src/element/mod.ts";
import { type Change, changes, listed, model } from "./support.ts";

/** Enters changes into a ledger; each pass is one object, as in a pipeline. */
class Entering {
  readonly #passes = new Map<string, SourcePass>();

  enter(ledger: Ledger, change: Change): void {
    const key = `${change.source}/${change.repetition}`;
    const pass = this.#passes.get(key) ?? { source: change.source, repetition: change.repetition };
    this.#passes.set(key, pass);
    if (change.kind === "end") ledger.addEnd(pass, change.index, change.start);
    else if (change.kind === "indexes") {
      for (let index = change.start; index < change.end; index++) ledger.add(pass, index);
    } else {
      for (let offset = change.start; offset < change.end; offset++) {
        ledger.addOffset(pass, change.index, offset);
      }
    }
  }
}

/** Elements, each with what it consumed. */
const elements = fc.array(changes.map((list) => list.slice(0, 4)), { maxLength: 30 });

function write(list: readonly (readonly Change[])[], ledger = new Ledger()): Uint8Array {
  const writer = new ProvenanceWriter(ledger);
  const entering = new Entering();
  for (const element of list) {
    for (const change of element) entering.enter(ledger, change);
    writer.mark();
  }
  const bytes = writer.finish();
  assert(ledger.isEmpty);
  return bytes;
}

Deno.test("any stretch of a block gives what its elements consumed", () => {
  fc.assert(
    fc.property(elements, fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 8 }), (list, cuts) => {
      const provenance = decodeProvenance(write(list), list.length);
      assertEquals(provenance.count, list.length);
      for (const [a, b] of [...cuts, [0, list.length]]) {
        const from = Math.min(a, b, list.length);
        const to = Math.min(Math.max(a, b), list.length);
        const set = new ConsumedSet();
        provenance.addTo(set, from, to);
        assertEquals(listed(set.sources()), model(list.slice(from, to).flat()));
      }
    }),
    { numRuns: 600 },
  );
});

Deno.test("what is taken from a ledger and put into another is the same, in the same order", () => {
  fc.assert(
    fc.property(elements, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (list, moved) => {
      const direct = new Ledger();
      const below = new Ledger();
      const above = new Ledger();
      const entering = new Entering();
      list.forEach((element, i) => {
        for (const change of element) {
          entering.enter(direct, change);
          entering.enter(below, change);
        }
        if (moved[i]) above.put(below.take());
      });
      above.put(below.take());
      assert(below.isEmpty);
      const [a, b] = [direct, above].map((ledger) => {
        const writer = new ProvenanceWriter(ledger);
        writer.mark();
        return writer.finish();
      });
      assertEquals(decodedAll(b), decodedAll(a));
    }),
    { numRuns: 300 },
  );
});

function decodedAll(bytes: Uint8Array) {
  const set = new ConsumedSet();
  decodeProvenance(bytes, 1).addTo(set, 0, 1);
  return set.sources();
}

Deno.test("blocks of one writer are what each alone would be, also when one ends before an element is added", () => {
  fc.assert(
    fc.property(
      elements,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 30, maxLength: 30 }),
      (list, sizes) => {
        const ledger = new Ledger();
        const writer = new ProvenanceWriter(ledger);
        const entering = new Entering();
        let block: Change[][] = [];
        const finish = () => {
          const provenance = decodeProvenance(writer.finish(), block.length);
          block.forEach((changes, i) => {
            const set = new ConsumedSet();
            provenance.addTo(set, i, i + 1);
            assertEquals(listed(set.sources()), model(changes));
          });
          block = [];
        };
        list.forEach((element, i) => {
          for (const change of element) entering.enter(ledger, change);
          if (block.length >= sizes[i]) finish();
          block.push(element);
          writer.mark();
        });
        finish();
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("elements in order cost a few bytes a block, filters a byte an element, shuffles two", () => {
  const pass = { source: 0, repetition: 0 };
  const written = (mark: (ledger: Ledger, i: number) => void, count = 1_000): number => {
    const ledger = new Ledger();
    const writer = new ProvenanceWriter(ledger);
    for (let i = 0; i < count; i++) {
      mark(ledger, i);
      writer.mark();
    }
    const bytes = writer.finish();
    assertEquals(decodeProvenance(bytes, count).count, count);
    return bytes.length;
  };
  assert(written((ledger, i) => ledger.add(pass, i)) < 16);
  assert(
    written((ledger, i) => {
      for (let n = 0; n < 256; n++) ledger.add(pass, 256 * i + n);
    }) < 16,
  );
  assert(
    written((ledger, i) => {
      for (let n = 0; n < 1 + (i * 7) % 5; n++) ledger.add(pass, 5 * i + n);
    }) <= 5_000,
  );
  assert(written((ledger, i) => ledger.add(pass, (i * 619) % 1000)) < 2_100);
  // A flatMap of 100 each: one run and one end an index, and the element after it has one entry more.
  assert(
    written((ledger, i) => {
      const index = Math.floor(i / 100);
      if (i % 100 === 0 && i > 0) ledger.addEnd(pass, index - 1, 100);
      ledger.addOffset(pass, index, i % 100);
    }) < 120,
  );
});

Deno.test("many scattered indexes are the same set, close together or far apart", () => {
  const numbers = fc.oneof(
    fc.array(fc.nat(60), { maxLength: 40 }),
    fc.array(fc.nat(1e9), { maxLength: 40 }),
    fc.array(fc.oneof(fc.nat(30), fc.integer({ min: 2 ** 40, max: 2 ** 40 + 30 })), { maxLength: 40 }),
  );
  fc.assert(
    fc.property(numbers, fc.nat(40), (indexes, cut) => {
      const pass = { source: 0, repetition: 0 };
      const ledger = new Ledger();
      const writer = new ProvenanceWriter(ledger);
      for (const index of indexes) {
        ledger.add(pass, index);
        writer.mark();
      }
      const provenance = decodeProvenance(writer.finish(), indexes.length);
      const [from, to] = [Math.min(cut, indexes.length), indexes.length];
      const set = new ConsumedSet();
      provenance.addTo(set, from, to);
      const expected = new ConsumedSet();
      for (const index of indexes.slice(from, to)) expected.add(0, 0, index, index + 1);
      assert(set.equals(expected));
    }),
    { numRuns: 500 },
  );
});

Deno.test("the bytes are those of the specification", () => {
  const pass = { source: 4, repetition: 1 };
  const ledger = new Ledger();
  const writer = new ProvenanceWriter(ledger);
  for (const index of [10, 11, 7]) {
    ledger.add(pass, index);
    writer.mark();
  }
  ledger.addOffset(pass, 9, 0);
  ledger.addOffset(pass, 9, 1);
  ledger.addEnd(pass, 9, 2);
  writer.mark();
  writer.mark();
  assertEquals([...writer.finish()], [
    ...[1, 4, 1], // passes
    ...[7, 1, 6, 0], // three elements of one entry, one of three, one of none
    ...[3, 1, 1, 0, 1, 2, 2], // sections
    ...[20, 2, 9], // 10 and 11; 7
    ...[18, 0, 2, 0, 0, 0], // 9: two outputs, then its end
  ]);
});

Deno.test("damaged bytes give DataLossError, or a provenance that can be read", () => {
  const decodeOrRefuse = (bytes: Uint8Array, count: number) => {
    let provenance;
    try {
      provenance = decodeProvenance(bytes, count);
    } catch (error) {
      if (error instanceof DataLossError) return;
      throw error;
    }
    const set = new ConsumedSet();
    for (let i = 0; i < Math.min(count, 50); i++) provenance.addTo(set, i, i + 1);
    provenance.addTo(set, 0, count);
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(20), decodeOrRefuse),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 30 }), fc.nat(5), (bytes, count) => {
      decodeOrRefuse(Uint8Array.from(bytes), count);
    }),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(elements, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
      const bytes = write(list);
      assertThrows(() => decodeProvenance(bytes, list.length + 1), DataLossError);
      for (let end = 0; end < bytes.length; end++) {
        assertThrows(() => decodeProvenance(bytes.subarray(0, end), list.length), DataLossError);
      }
      bytes[place % bytes.length] ^= flip;
      decodeOrRefuse(bytes, list.length);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a block of which nothing is known, and counts that no bytes back", () => {
  const many = 2 ** 40;
  const provenance = decodeProvenance(Uint8Array.of(0, ...varint(2 * many + 1), 0, 0), many);
  const set = new ConsumedSet();
  provenance.addTo(set, 0, many);
  assert(set.isEmpty);
  assertThrows(() => provenance.addTo(set, 0, many + 1), RangeError);
  assertThrows(() => provenance.addTo(set, 2, 1), RangeError);
  assertThrows(() => decodeProvenance(new Uint8Array(), 0), DataLossError);
  assertThrows(() => decodeProvenance(Uint8Array.of(0, 0), -1), DataLossError);
  assertEquals(decodeProvenance(Uint8Array.of(0, 0), 0).count, 0);
});

Deno.test("an index ends where its outputs do", () => {
  const pass = { source: 0, repetition: 2 };
  const ledger = new Ledger();
  ledger.addEnd(pass, 3, 0);
  ledger.addEnd(pass, 4, 1);
  const writer = new ProvenanceWriter(ledger);
  writer.mark();
  const set = new ConsumedSet();
  decodeProvenance(writer.finish(), 1).addTo(set, 0, 1);
  assertEquals(set.sources(), [{
    source: 0,
    repetition: 2,
    ranges: [{ start: 3, end: 4 }],
    partial: [{ index: 4, offsets: [{ start: 1, end: NO_MORE_OFFSETS }] }],
  }]);
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return [...bytes, value];
}

Deno.test("scattered indexes of passes that follow on one another keep their passes", () => {
  const shuffled = fc.array(fc.tuple(fc.nat(1), fc.nat(9)), { maxLength: 12 });
  fc.assert(
    fc.property(shuffled, (list) => {
      const ledger = new Ledger();
      const writer = new ProvenanceWriter(ledger);
      const passes = [{ source: 0, repetition: 0 }, { source: 0, repetition: 1 }];
      for (const [pass, index] of list) {
        ledger.add(passes[pass], index);
        writer.mark();
      }
      const provenance = decodeProvenance(writer.finish(), list.length);
      list.forEach(([repetition, index], i) => {
        const set = new ConsumedSet();
        provenance.addTo(set, i, i + 1);
        assertEquals(set.sources(), [
          { source: 0, repetition, ranges: [{ start: index, end: index + 1 }], partial: [] },
        ]);
      });
    }),
    { numRuns: 1_000 },
  );
});
