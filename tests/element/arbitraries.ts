/** Arbitrary elements and specs for property tests, and an equality that sees every bit. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { classOfDType, sizeOfDType } from "../../src/element/dtypes.ts";
import type { DType, Element, ElementSpec, TypedArray } from "../../src/element/mod.ts";
import { mapFields } from "../../src/element/records.ts";
import { isTensor, sizeOfShape } from "../../src/element/tensors.ts";

/** All dtypes. */
export const DTYPES: readonly DType[] = [
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float16",
  "float32",
  "float64",
  "bool",
];

/** Dtypes of typed arrays. */
export const ARRAY_DTYPES = DTYPES.filter((dtype) => dtype !== "bool");

/** Strings with everything but lone surrogates, byte order marks and zeros included. */
export const textArb: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\ufeff", "a\u0000b", "__proto__", "toString", "ä", "€", "😀", "x".repeat(300)),
);

const bigintArb = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(0n, -1n, 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 10n ** 60n, -(2n ** 200n)),
);

const numberArb = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 53 + 2, Number.MIN_VALUE),
);

/** A typed array of `length` values with any bits (0 and 1 for bool). */
export function arrayOf(dtype: DType, length: number): fc.Arbitrary<TypedArray> {
  const bytes = length * sizeOfDType(dtype);
  const arb = fc.uint8Array({ minLength: bytes, maxLength: bytes, max: dtype === "bool" ? 1 : 255 });
  return arb.map((data) => new (classOfDType(dtype))(new Uint8Array(data).buffer, 0, length));
}

const shapeArb = fc.array(fc.nat(3), { maxLength: 3 });

function tensorOf(dtype: DType, shape: readonly number[]): fc.Arbitrary<Element> {
  return arrayOf(dtype, sizeOfShape(shape)!).map((data) => ({ dtype, shape: [...shape], data }));
}

const leafArb: fc.Arbitrary<Element> = fc.oneof(
  numberArb,
  textArb,
  fc.boolean(),
  bigintArb,
  fc.constant(null),
  fc.tuple(fc.constantFrom(...ARRAY_DTYPES), fc.nat(6)).chain(([dtype, length]) => arrayOf(dtype, length)),
  fc.tuple(fc.constantFrom(...DTYPES), shapeArb).chain(([dtype, shape]) => tensorOf(dtype, shape)),
);

/** Any element. */
export const elementArb: fc.Arbitrary<Element> = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leafArb,
    fc.array(tie("element"), { maxLength: 6 }),
    fc.dictionary(textArb, tie("element"), { maxKeys: 5 }),
  ),
})).element;

/** Any spec. */
export const specArb: fc.Arbitrary<ElementSpec> = fc.letrec<{ spec: ElementSpec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<ElementSpec>(
      { kind: "number" },
      { kind: "string" },
      { kind: "boolean" },
      { kind: "bigint" },
      { kind: "null" },
      { kind: "any" },
    ),
    fc.record({
      kind: fc.constant("typedArray" as const),
      dtype: fc.constantFrom(...ARRAY_DTYPES) as fc.Arbitrary<Exclude<DType, "bool">>,
      length: fc.option(fc.nat(5)),
    }, { noNullPrototype: true }),
    fc.record({
      kind: fc.constant("tensor" as const),
      dtype: fc.constantFrom(...DTYPES),
      shape: fc.option(fc.array(fc.option(fc.nat(3)), { maxLength: 3 })),
    }, { noNullPrototype: true }),
    fc.record({
      kind: fc.constant("tuple" as const),
      items: fc.array(tie("spec"), { maxLength: 4 }),
    }, { noNullPrototype: true }),
    fc.record({ kind: fc.constant("list" as const), item: tie("spec") }, { noNullPrototype: true }),
    fc.record({
      kind: fc.constant("record" as const),
      fields: fc.dictionary(textArb, tie("spec"), { maxKeys: 4, noNullPrototype: true }),
    }, { noNullPrototype: true }),
  ),
})).spec;

/** Elements that a spec describes. */
export function elementOf(spec: ElementSpec): fc.Arbitrary<Element> {
  switch (spec.kind) {
    case "any":
      return leafArb;
    case "null":
      return fc.constant(null);
    case "number":
      return numberArb;
    case "string":
      return textArb;
    case "boolean":
      return fc.boolean();
    case "bigint":
      return bigintArb;
    case "typedArray":
      return (spec.length === null ? fc.nat(8) : fc.constant(spec.length))
        .chain((length) => arrayOf(spec.dtype, length));
    case "tensor": {
      const shape = spec.shape === null
        ? shapeArb
        : fc.tuple(...spec.shape.map((size) => size === null ? fc.nat(3) : fc.constant(size)));
      return shape.chain((sizes) => tensorOf(spec.dtype, sizes));
    }
    case "tuple":
      return fc.tuple(...spec.items.map(elementOf));
    case "list":
      return fc.array(elementOf(spec.item), { maxLength: 6 });
    case "record": {
      const keys = Object.keys(spec.fields);
      return fc.tuple(...keys.map((key) => elementOf(spec.fields[key]))).map((values) => {
        let i = 0;
        return mapFields(spec.fields, () => values[i++]);
      });
    }
  }
}

/** Some elements of one spec. */
export const alikeArb: fc.Arbitrary<Element[]> = specArb.chain((spec) =>
  fc.array(elementOf(spec), { minLength: 1, maxLength: 12 })
);

/** Asserts that two elements are the same to the last bit: -0 is not 0, and the class of an array counts. */
export function assertSame(actual: Element, expected: Element): void {
  if (typeof expected !== "object" || expected === null) {
    assert(Object.is(actual, expected), `${Deno.inspect(actual)} is not ${Deno.inspect(expected)}`);
    return;
  }
  assert(typeof actual === "object" && actual !== null, `${Deno.inspect(actual)} is no object`);
  if (ArrayBuffer.isView(expected)) {
    assert(ArrayBuffer.isView(actual));
    assertEquals(actual.constructor, expected.constructor);
    assertEquals(bytesOf(actual), bytesOf(expected));
  } else if (Array.isArray(expected)) {
    assert(Array.isArray(actual));
    assertEquals(actual.length, expected.length);
    expected.forEach((item, i) => assertSame(actual[i], item));
  } else {
    assert(!Array.isArray(actual) && !ArrayBuffer.isView(actual));
    assertEquals(Object.getPrototypeOf(actual), Object.prototype);
    assertEquals(isTensor(actual), isTensor(expected));
    const [found, wanted] = [actual, expected] as { readonly [key: string]: Element }[];
    assertEquals(Object.keys(found).sort(), Object.keys(wanted).sort());
    for (const key of Object.keys(wanted)) assertSame(found[key], wanted[key]);
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
