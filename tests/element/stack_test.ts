import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import {
  type Element,
  type ElementSpec,
  stack,
  stackedLength,
  type Tensor,
  unstack,
} from "../../src/element/mod.ts";
import { assertSame, elementOf } from "./arbitraries.ts";

Deno.test("a batch of each kind is what the element types say", () => {
  assertSame(stack([1, -0, NaN]), Float64Array.of(1, -0, NaN));
  assertSame(stack([1n, -(2n ** 63n)]), BigInt64Array.of(1n, -(2n ** 63n)));
  assertSame(stack(["a", ""]), ["a", ""]);
  assertSame(stack([true, false]), [true, false]);
  assertSame(stack([null, null]), [null, null]);
  assertSame(stack([Float32Array.of(1, 2), Float32Array.of(3, 4)]), {
    dtype: "float32",
    shape: [2, 2],
    data: Float32Array.of(1, 2, 3, 4),
  });
  const scalar = (value: number): Element => ({ dtype: "bool", shape: [], data: Uint8Array.of(value) });
  assertSame(stack([scalar(1), scalar(0), scalar(1)]), {
    dtype: "bool",
    shape: [3],
    data: Uint8Array.of(1, 0, 1),
  });
  assertSame(stack([new Uint8Array(0), new Uint8Array(0)]), {
    dtype: "uint8",
    shape: [2, 0],
    data: new Uint8Array(0),
  });
  assertSame(stack([{ x: 1, y: ["a", true] }, { x: 2, y: ["b", false] }]), {
    x: Float64Array.of(1, 2),
    y: [["a", "b"], [true, false]],
  });
});

Deno.test("elements that differ are refused, both named", () => {
  const refuse = (elements: Element[], message: string) =>
    assertThrows(() => stack(elements), InvalidArgumentError, message);
  const tensor = (...shape: number[]): Tensor => ({
    dtype: "int8",
    shape,
    data: new Int8Array(shape.reduce((a, b) => a * b, 1)),
  });
  refuse([], "Cannot batch elements: there are none");
  refuse(
    [tensor(2, 3), tensor(2, 3), tensor(3, 2)],
    "Cannot batch elements of different shapes: element 0 has shape [2, 3], element 2 has shape [3, 2]",
  );
  refuse(
    [{ a: new Uint8Array(2) }, { a: new Uint8Array(3) }],
    "Cannot batch elements of different shapes at a: element 0 has shape [2], element 1 has shape [3]",
  );
  refuse([tensor(1), Uint8Array.of(1)], "different dtypes: element 0 has int8, element 1 has uint8");
  refuse([1, "a"], "different structures: element 0 is a number, element 1 is a string");
  refuse(["a", null], "element 0 is a string, element 1 is null");
  refuse([true, tensor(1)], "element 0 is a boolean, element 1 is a int8 tensor");
  refuse([[[1]], [[{}]]], "different structures at [0][0]: element 0 is a number, element 1 is a record");
  refuse([[1], [1, 2]], "different lengths: element 0 has length 1, element 1 has length 2");
  refuse([{ a: 1 }, { b: 1 }], "different keys: element 0 has the keys {a}, element 1 has the keys {b}");
  refuse([{ n: 0n }, { n: 2n ** 63n }], "Cannot batch bigint 9223372036854775808 of element 1 at n");
});

const stackable: fc.Arbitrary<ElementSpec> = fc.letrec<{ spec: ElementSpec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<ElementSpec>(
      { kind: "number" },
      { kind: "string" },
      { kind: "boolean" },
      { kind: "null" },
      { kind: "typedArray", dtype: "float32", length: 3 },
      { kind: "typedArray", dtype: "uint64", length: 0 },
      { kind: "tensor", dtype: "int16", shape: [2, 2] },
      { kind: "tensor", dtype: "bool", shape: [2] },
    ),
    fc.array(tie("spec"), { minLength: 1, maxLength: 3 }).map((items) => ({ kind: "tuple" as const, items })),
    fc.dictionary(fc.string(), tie("spec"), { minKeys: 1, maxKeys: 3, noNullPrototype: true })
      .map((fields) => ({ kind: "record" as const, fields })),
  ),
})).spec;

Deno.test("unstack gives back what stack took", () => {
  fc.assert(
    fc.property(
      stackable.chain((spec) => fc.array(elementOf(spec), { minLength: 1, maxLength: 6 })),
      (elements) => {
        const batch = stack(elements);
        assertEquals(stackedLength(batch), elements.length);
        unstack(batch).forEach((element, i) => assertSame(element, elements[i]));
      },
    ),
  );
});

Deno.test("batches of every kind come apart", () => {
  assertEquals(unstack(Float64Array.of(1, 2)), [1, 2]);
  assertEquals(unstack(Uint8Array.of(1, 2)), [1, 2]);
  assertEquals(unstack(BigInt64Array.of(1n)), [1n]);
  assertEquals(unstack({ dtype: "uint64", shape: [1], data: BigUint64Array.of(2n) }), [2n]);
  assertEquals(unstack({ dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) }), [true, false]);
  assertEquals(unstack([]), []);
  assertEquals(unstack({ dtype: "int8", shape: [0, 4], data: new Int8Array(0) }), []);
  assertEquals(unstack([["a", "b"], Float64Array.of(1, 2)]), [["a", 1], ["b", 2]]);
});

Deno.test("the parts of a batch are views of it", () => {
  const data = new Float32Array(6);
  const [, row] = unstack({ dtype: "float32", shape: [2, 3], data }) as Float32Array[];
  assert(row.buffer === data.buffer);
  assertEquals(row.byteOffset, 12);
});

Deno.test("what has no first axis is not taken apart", () => {
  const refuse = (batch: Element, message: string) => {
    assertThrows(() => unstack(batch), InvalidArgumentError, message);
    assertThrows(() => stackedLength(batch), InvalidArgumentError, message);
  };
  refuse(1, "Cannot take a number apart: it has no first axis");
  refuse({ a: null }, "Cannot take null apart at a: it has no first axis");
  refuse({ dtype: "int8", shape: [], data: new Int8Array(1) }, "Cannot take a tensor of shape [] apart");
  refuse([["a"], 1], "Cannot take a number apart at [1]");
  refuse({ a: ["x"], b: ["y", "z"] }, "Cannot take a batch apart: its parts have lengths 1 and 2");
  refuse({ n: [["x"], ["y", "z"]] }, "Cannot take a batch apart at n: its parts have lengths 1 and 2");
});
