import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { type Element, padAndStack, stack, type Tensor } from "../../src/element/mod.ts";
import { arrayOf, assertSame } from "./arbitraries.ts";

const tensor = (shape: number[], ...values: number[]): Tensor => ({
  dtype: "float64",
  shape,
  data: Float64Array.from(values),
});

Deno.test("arrays are padded to the largest of the batch", () => {
  assertSame(padAndStack([Uint8Array.of(1), Uint8Array.of(2, 3), new Uint8Array(0)], null, null), {
    dtype: "uint8",
    shape: [3, 2],
    data: Uint8Array.of(1, 0, 2, 3, 0, 0),
  });
  assertSame(padAndStack([[1, 2, 3], [4], []], null, -1), tensor([3, 3], 1, 2, 3, 4, -1, -1, -1, -1, -1));
  assertSame(padAndStack([["a"], ["b", "c"]], null, "-"), [["a", "-"], ["b", "c"]]);
  assertSame(padAndStack([[true], []], null, null), [[true], [false]]);
  assertSame(padAndStack([[1n], []], null, 7n), {
    dtype: "int64",
    shape: [2, 1],
    data: BigInt64Array.of(1n, 7n),
  });
  assertSame(padAndStack([[[1, 2]], [[3], [4]]], null, 0), tensor([2, 2, 2], 1, 2, 0, 0, 3, 0, 4, 0));
});

Deno.test("tensors are padded at the end of each axis", () => {
  assertSame(
    padAndStack([tensor([1, 2], 1, 2), tensor([2, 1], 3, 4)], null, -1),
    tensor([2, 2, 2], 1, 2, -1, -1, 3, -1, 4, -1),
  );
  assertSame(padAndStack([tensor([], 1), tensor([], 2)], null, 9), tensor([2], 1, 2));
  assertSame(padAndStack([tensor([0, 2]), tensor([1, 1], 5)], null, 1), tensor([2, 1, 2], 1, 1, 5, 1));
});

Deno.test("arrays are padded to the shape that is asked for", () => {
  assertSame(padAndStack([[1], [2, 3]], [4], 0), tensor([2, 4], 1, 0, 0, 0, 2, 3, 0, 0));
  assertSame(padAndStack([[1], [2, 3]], [-1], 0), tensor([2, 2], 1, 0, 2, 3));
  assertSame(padAndStack([tensor([1, 1], 5)], [null, 2], 0), tensor([1, 1, 2], 5, 0));
  assertSame(padAndStack([["a"]], [2], null), [["a", ""]]);
});

Deno.test("each part of a structure has its own shape and value", () => {
  const elements = [
    { tokens: [1, 2], mask: Uint8Array.of(1), id: 7, pair: [Float64Array.of(1), "x"] },
    { tokens: [3], mask: Uint8Array.of(1, 1), id: 8, pair: [new Float64Array(0), "y"] },
  ];
  assertSame(
    padAndStack(
      elements,
      { tokens: [3], mask: null, id: [], pair: [[null], null] },
      { tokens: -1, mask: null, id: null, pair: [0.5, null] },
    ),
    {
      tokens: tensor([2, 3], 1, 2, -1, 3, -1, -1),
      mask: { dtype: "uint8", shape: [2, 2], data: Uint8Array.of(1, 0, 1, 1) },
      id: Float64Array.of(7, 8),
      pair: [tensor([2, 1], 1, 0.5), ["x", "y"]],
    },
  );
});

Deno.test("arrays of scalars are tuples where their shapes are a structure", () => {
  assertSame(padAndStack([[1, 2], [3, 4]], [[], []], null), [Float64Array.of(1, 3), Float64Array.of(2, 4)]);
});

Deno.test("bool tensors are padded with booleans", () => {
  const mask = (...values: number[]): Element => ({
    dtype: "bool",
    shape: [values.length],
    data: Uint8Array.from(values),
  });
  assertSame(padAndStack([mask(1), mask(0, 1)], null, true), {
    dtype: "bool",
    shape: [2, 2],
    data: Uint8Array.of(1, 1, 0, 1),
  });
});

Deno.test("where nothing differs, padding is stacking", () => {
  const alike = fc.tuple(fc.nat(3), fc.nat(3)).chain(([a, b]) =>
    fc.array(arrayOf("int32", a * b).map((data) => ({ dtype: "int32" as const, shape: [a, b], data })), {
      minLength: 1,
      maxLength: 4,
    })
  );
  fc.assert(fc.property(alike, (elements) => assertSame(padAndStack(elements, null, 5), stack(elements))));
});

Deno.test("what cannot be padded is refused, and says why", () => {
  const refuse = (elements: Element[], shapes: Element, values: Element, message: string) =>
    assertThrows(() => padAndStack(elements, shapes, values), InvalidArgumentError, message);
  refuse([], null, null, "Cannot batch elements: there are none");
  refuse(
    [[1], [1, 2, 3]],
    [2],
    null,
    "Cannot pad element 1 of shape [3] to a smaller size: `paddedShapes` is [2]",
  );
  refuse(
    [tensor([1], 1), tensor([1, 1], 1)],
    null,
    null,
    "Cannot pad element 1 of shape [1, 1]: element 0 has shape [1]",
  );
  refuse([tensor([1], 1)], [1, 1], null, "Cannot pad element 0 of shape [1]: `paddedShapes` is [1, 1]");
  refuse(
    [Uint8Array.of(1), Int8Array.of(1)],
    null,
    null,
    "different dtypes: element 0 has uint8, element 1 has int8",
  );
  refuse([{ a: [1] }, { a: ["x"] }], null, null, "different structures at a[0]: element 0 is a number");
  refuse([{ a: [1] }, { b: [1] }], null, null, "different keys");
  refuse([[1, "x"], [2]], null, null, "different lengths: element 0 has length 2, element 1 has length 1");
  refuse([1], [2], null, "Cannot pad a scalar to shape [2]");
  refuse(
    [Uint8Array.of(1)],
    "x",
    null,
    '`paddedShapes` must be an array of sizes, each a whole number or null, got "x"',
  );
  refuse([Uint8Array.of(1)], [-2], null, "`paddedShapes` must be an array of sizes");
  refuse([{ a: [1] }], {}, null, '`paddedShapes` must have the structure of the elements: "a" is missing');
  refuse(
    [{ a: [1] }],
    null,
    { b: 1 },
    '`paddingValues` must have the structure of the elements: "a" is missing',
  );
  refuse([{ a: [1] }], null, "x", '`paddingValues` at a must be a value of float64, got "x"');
  refuse([BigInt64Array.of(1n)], null, 0.5, "`paddingValues` must be a value of int64, got 0.5");
  refuse([["a"]], null, 1, "`paddingValues` must be a string, got 1");
  refuse([[["a"]]], null, "", "Cannot pad nested arrays of type string: only one axis is padded");
  refuse([[[1], [2, 3]]], null, 0, "Cannot pad element 0: its nested arrays differ in length");
  refuse([[2n ** 64n]], null, 0n, "Cannot batch bigint 18446744073709551616 of element 0");
  refuse([tensor([1], 1)], [2 ** 53 - 1, 2], null, "Cannot pad element 0 of shape [1]");
});
