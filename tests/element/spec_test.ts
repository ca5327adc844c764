import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError, InvalidArgumentError } from "../../src/base/mod.ts";
import {
  checkSpec,
  decodeValue,
  type Element,
  type ElementSpec,
  encodeValue,
  inferSpec,
  matchesSpec,
  mergeSpecs,
  showSpec,
  specEquals,
} from "../../src/element/mod.ts";
import { refineSpec } from "../../src/element/refine_spec.ts";
import { elementArb, elementOf, specArb } from "./arbitraries.ts";

/** The inferred spec as text. */
function specOf(element: Element): string {
  return showSpec(inferSpec(element));
}

Deno.test("the spec of an element is inferred with all its lengths", () => {
  assertEquals(specOf(1), "number");
  assertEquals(specOf("a"), "string");
  assertEquals(specOf(true), "boolean");
  assertEquals(specOf(1n), "bigint");
  assertEquals(specOf(null), "null");
  assertEquals(specOf(new Uint8Array(3)), "Uint8Array(3)");
  assertEquals(specOf(new BigUint64Array(0)), "BigUint64Array(0)");
  assertEquals(specOf({ dtype: "bool", shape: [1, 2], data: new Uint8Array(2) }), "bool[1, 2]");
  assertEquals(specOf({ dtype: "int8", shape: [], data: new Int8Array(1) }), "int8[]");
  assertEquals(specOf({ id: 1, "a b": ["x", null] }), '{ id: number, "a b": [string, null] }');
  assertEquals([specOf([]), specOf({})], ["[]", "{}"]);
  assertThrows(
    () => inferSpec(undefined as unknown as Element),
    InvalidArgumentError,
    "Cannot use undefined",
  );
});

Deno.test("short arrays are tuples; long ones are lists if their items have something in common", () => {
  assertEquals(specOf([1, 2, 3, 4]), "[number, number, number, number]");
  assertEquals(specOf([1, 2, 3, 4, 5]), "number[]");
  assertEquals(specOf([1, 2, 3, 4, "a"]), "[number, number, number, number, string]");
  assertEquals(specOf([[1], [2], [3], [4], [5, 6]]), "number[][]");
  assertEquals(specOf(new Array(65).fill(0).map((_, i) => i % 2 === 0 ? i : "odd")), "any[]");
});

Deno.test("an element has its spec", () => {
  fc.assert(fc.property(elementArb, (element) => assert(matchesSpec(element, inferSpec(element)))));
  fc.assert(
    fc.property(
      specArb.chain((spec) => fc.tuple(fc.constant(spec), elementOf(spec))),
      ([spec, element]) => assert(matchesSpec(element, spec)),
    ),
  );
});

Deno.test("a merged spec holds what either held; merging is idempotent and does not depend on the order", () => {
  fc.assert(fc.property(elementArb, elementArb, (a, b) => {
    const [ofA, ofB] = [inferSpec(a), inferSpec(b)];
    const merged = mergeSpecs(ofA, ofB);
    assert(matchesSpec(a, merged) && matchesSpec(b, merged));
    assert(specEquals(mergeSpecs(merged, ofA), merged) && specEquals(mergeSpecs(ofB, merged), merged));
  }));
  fc.assert(fc.property(specArb, specArb, (a, b) => {
    assert(specEquals(mergeSpecs(a, b), mergeSpecs(b, a)));
    assert(specEquals(mergeSpecs(a, a), a));
  }));
});

Deno.test("merging keeps as much as it can", () => {
  const merged = (a: Element, b: Element) => showSpec(mergeSpecs(inferSpec(a), inferSpec(b)));
  const tensor = (...shape: number[]): Element => ({
    dtype: "int8",
    shape,
    data: new Int8Array(shape.reduce((x, y) => x * y, 1)),
  });
  assertEquals(merged(1, 2), "number");
  assertEquals(merged(1, "a"), "any");
  assertEquals(merged(new Int8Array(1), new Int8Array(2)), "Int8Array(?)");
  assertEquals(merged(new Int8Array(1), new Uint8Array(1)), "any");
  assertEquals(merged(new Int8Array(1), tensor(1)), "any");
  assertEquals(merged(tensor(1, 2), tensor(1, 3)), "int8[1, ?]");
  assertEquals(merged(tensor(1, 2), tensor(1)), "int8[...]");
  assertEquals(merged([1, "a"], [2, null]), "[number, any]");
  assertEquals(merged([1, 2], [3]), "number[]");
  assertEquals(merged([], [1, 2]), "number[]");
  assertEquals(merged([1, 2, 3, 4, 5], [1, 2]), "number[]");
  assertEquals(merged([1, 2], [1, 2, 3, 4, 5]), "number[]");
  assertEquals(merged([1, "a"], [1]), "any[]");
  assertEquals(merged({ a: 1, b: 2 }, { b: "x", a: 3 }), "{ a: number, b: any }");
  assertEquals(merged({ a: 1 }, { b: 1 }), "any");
  assertEquals(merged({ a: 1 }, { a: 1, b: 1 }), "any");
});

Deno.test("a spec does not describe deeper than 64 levels", () => {
  let element: Element = "deep";
  for (let i = 0; i < 256; i++) element = i % 2 === 0 ? [element] : { a: element };
  const spec = inferSpec(element);
  assert(showSpec(spec).includes("any"));
  assert(matchesSpec(element, spec));
  assert(specEquals(checkSpec(decodeValue(encodeValue(spec))), spec));
});

Deno.test("matchesSpec tells elements apart", () => {
  const spec: ElementSpec = {
    kind: "record",
    fields: { a: { kind: "typedArray", dtype: "int8", length: null } },
  };
  assert(matchesSpec({ a: new Int8Array(5) }, spec));
  const others: Element[] = [{ a: new Uint8Array(5) }, { b: new Int8Array(5) }, {}, [], null, 1, { a: 1 }];
  for (const other of others) assert(!matchesSpec(other, spec));
  assert(!matchesSpec({ dtype: "int8", shape: [1], data: new Int8Array(1) }, { kind: "record", fields: {} }));
  assert(!matchesSpec([1, 2], { kind: "tuple", items: [{ kind: "number" }] }));
  assert(!matchesSpec([1, "a"], { kind: "list", item: { kind: "number" } }));
});

Deno.test("every spec travels and is checked on arrival", () => {
  fc.assert(fc.property(specArb, (spec) => {
    const arrived = checkSpec(decodeValue(encodeValue(spec)));
    assertEquals(showSpec(arrived), showSpec(spec));
    assert(specEquals(arrived, spec));
  }));
});

Deno.test("what is no spec is refused with its place", () => {
  const cases: [unknown, string][] = [
    [null, "Cannot read element spec at spec: it is not a record"],
    [{}, "its kind is not known"],
    [{ kind: "toString" }, "its kind is not known"],
    [{ kind: "number", more: 1 }, 'a spec of kind "number" has other keys'],
    [{ kind: "typedArray", dtype: "bool", length: 1 }, "spec.dtype: it names no typed array"],
    [{ kind: "typedArray", dtype: "int8", length: -1 }, "spec.length: a size is a whole number or null"],
    [{ kind: "tensor", dtype: "int9", shape: [] }, "spec.dtype: it names no dtype"],
    [{ kind: "tensor", dtype: "int8", shape: [1.5] }, "spec.shape: a size is a whole number or null"],
    [{ kind: "tensor", dtype: "int8", shape: 1 }, "spec.shape: it is not an array"],
    [{ kind: "tuple", items: [{ kind: "number" }, 1] }, "spec.items[1]: it is not a record"],
    [{ kind: "list", item: 1 }, "spec.item: it is not a record"],
    [{ kind: "record", fields: [] }, "spec.fields: it is not a record"],
    [{ kind: "record", fields: { a: 1 } }, 'spec.fields["a"]: it is not a record'],
  ];
  for (const [value, message] of cases) assertThrows(() => checkSpec(value), DataLossError, message);
  let deep: unknown = { kind: "number" };
  for (let i = 0; i < 70; i++) deep = { kind: "list", item: deep };
  assertThrows(() => checkSpec(deep), DataLossError, "it is nested over 64 deep");
});

Deno.test("any value is a spec or DataLossError", () => {
  fc.assert(fc.property(fc.oneof(fc.anything(), elementArb), (value) => {
    try {
      checkSpec(value);
    } catch (error) {
      if (!(error instanceof DataLossError)) throw error;
    }
  }));
});

Deno.test("specEquals does not mind the order of keys", () => {
  const a = inferSpec({ x: 1, y: "a" });
  assert(specEquals(a, inferSpec({ y: "b", x: 2 })));
  assert(!specEquals(a, inferSpec({ x: 1 })));
  assert(!specEquals(inferSpec([1]), inferSpec([1, 2])));
});

Deno.test("a refined spec holds the element, and is what was known where that says more", () => {
  fc.assert(fc.property(specArb, elementArb, (known, element) => {
    assert(matchesSpec(element, refineSpec(known, inferSpec(element))));
  }));
  const refined = (known: ElementSpec, element: Element) => showSpec(refineSpec(known, inferSpec(element)));
  assertEquals(refined({ kind: "any" }, [1]), "[number]");
  assertEquals(refined({ kind: "list", item: { kind: "any" } }, [1, 2]), "number[]");
  assertEquals(refined({ kind: "list", item: { kind: "any" } }, []), "any[]");
  assertEquals(refined({ kind: "number" }, "a"), "any");
});
