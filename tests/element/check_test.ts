import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { isElement } from "../../src/element/check.ts";
import { checkElement } from "../../src/element/mod.ts";
import { elementArb } from "./arbitraries.ts";

function messageOf(value: unknown, what?: string): string {
  return assertThrows(() => checkElement(value, what), InvalidArgumentError).message;
}

Deno.test("every element is accepted", () => {
  fc.assert(fc.property(elementArb, (element) => checkElement(element)));
});

Deno.test("isElement says whether checkElement throws, for any value", () => {
  const anything = fc.anything({
    withDate: true,
    withMap: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  fc.assert(fc.property(anything, (value) => {
    if (isElement(value)) checkElement(value);
    else messageOf(value);
  }));
});

Deno.test("what is refused is named with its kind and its place", () => {
  class Point {
    x = 1;
  }
  const named = function decode() {};
  const holes = [1, 2];
  delete holes[0];
  const cases: [unknown, string][] = [
    [undefined, "Cannot use undefined as an element"],
    [[1, 2, { name: undefined }], "Cannot use undefined as an element: at [2].name"],
    [{ a: { b: [undefined] } }, "Cannot use undefined as an element: at a.b[0]"],
    [{ "a b": { 'c"': undefined } }, 'Cannot use undefined as an element: at ["a b"]["c\\""]'],
    [new Date(0), "Cannot use a Date as an element"],
    [{ at: new Map() }, "Cannot use a Map as an element: at at"],
    [new Set(), "Cannot use a Set as an element"],
    [new Error("x"), "Cannot use an Error as an element"],
    [Promise.resolve(), "Cannot use a Promise as an element"],
    [new Point(), "Cannot use a Point as an element"],
    [Object.create({ a: 1 }), "Cannot use an object with a prototype of its own as an element"],
    [new Number(1), "Cannot use a Number as an element"],
    [Math, "Cannot use a Math as an element"],
    [named, "Cannot use the function decode as an element"],
    [() => 1, "Cannot use a function as an element"],
    [Symbol("s"), "Cannot use a symbol as an element"],
    [new ArrayBuffer(1), "Cannot use an ArrayBuffer as an element"],
    [new DataView(new ArrayBuffer(1)), "Cannot use a DataView as an element"],
    [[new Uint8ClampedArray(1)], "Cannot use a Uint8ClampedArray as an element: at [0]"],
    [holes, "Cannot use a hole of a sparse array as an element: at [0]"],
    ["a\ud800", "Cannot use a string with a lone surrogate as an element"],
    [{ "\udc00": 1 }, 'Cannot use a key with a lone surrogate as an element: at ["\\udc00"]'],
  ];
  for (const [value, message] of cases) assertEquals(messageOf(value), message);
});

Deno.test("what the value was meant to be stands in the message", () => {
  assertEquals(messageOf({ scale: undefined }, "captures"), "Cannot use undefined as captures: at scale");
});

Deno.test("cycles are refused where they close, shared parts are not", () => {
  const shared = { a: [1] };
  checkElement([shared, shared]);
  const cycle: unknown[] = [0];
  cycle.push({ inner: cycle });
  assertEquals(messageOf(cycle), "Cannot use a cycle as an element: at [1].inner");
  const wide: unknown[] = [];
  wide.push(wide, wide, wide);
  assertEquals(messageOf(wide), "Cannot use a cycle as an element: at [0]");
});

Deno.test("values nested over 256 deep are refused", () => {
  let value: unknown = 1;
  for (let i = 0; i < 256; i++) value = [value];
  checkElement(value);
  assertEquals(
    messageOf([value]).slice(0, 60),
    "Cannot use a value nested over 256 deep as an element: at [0]".slice(0, 60),
  );
});

Deno.test("tensors that contradict themselves are refused", () => {
  const tensor = (dtype: string, shape: unknown[], data: ArrayBufferView) =>
    messageOf({ dtype, shape, data });
  assertEquals(
    tensor("int8", [3], new Int8Array(2)),
    "Cannot use a tensor of shape [3] whose data holds 2 values as an element",
  );
  assertEquals(
    tensor("int8", [2], new Uint8Array(2)),
    "Cannot use a tensor of dtype int8 whose data is of class Uint8Array as an element",
  );
  assertEquals(
    tensor("bool", [2], new Int8Array(2)),
    "Cannot use a tensor of dtype bool whose data is of class Int8Array as an element",
  );
  assertEquals(
    tensor("int8", [2.5], new Int8Array(2)),
    "Cannot use a tensor whose shape has 2.5 for a size as an element",
  );
  assertEquals(
    tensor("int8", [-1], new Int8Array(2)),
    "Cannot use a tensor whose shape has -1 for a size as an element",
  );
  assertEquals(
    tensor("int8", ["2"], new Int8Array(2)),
    'Cannot use a tensor whose shape has "2" for a size as an element',
  );
});

Deno.test("records without a prototype, subclasses of typed arrays and own __proto__ keys are elements", () => {
  class Bytes extends Uint8Array {}
  checkElement(Object.assign(Object.create(null), { a: 1 }));
  checkElement(new Bytes(2));
  checkElement(JSON.parse('{"__proto__": 1}'));
});
