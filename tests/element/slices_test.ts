import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { type Element, slices, type Tensor } from "../../src/element/mod.ts";
import { assertSame } from "./arbitraries.ts";

function all(tensor: Element): Element[] {
  const { length, get } = slices(tensor);
  return Array.from({ length }, (_, i) => get(i));
}

Deno.test("slices go along the first axis", () => {
  assertSame(all(Float32Array.of(1, 2)), [1, 2]);
  assertSame(all(BigUint64Array.of(3n)), [3n]);
  assertSame(all([1, 2, 3]), [1, 2, 3]);
  assertSame(all([[1, 2], [3, 4]]), [[1, 2], [3, 4]]);
  assertSame(all({ dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) }), [false, true]);
  assertSame(all({ dtype: "int8", shape: [2, 2], data: Int8Array.of(1, 2, 3, 4) }), [
    { dtype: "int8", shape: [2], data: Int8Array.of(1, 2) },
    { dtype: "int8", shape: [2], data: Int8Array.of(3, 4) },
  ]);
  assertSame(all({ dtype: "int8", shape: [2, 0], data: new Int8Array(0) }), [
    { dtype: "int8", shape: [0], data: new Int8Array(0) },
    { dtype: "int8", shape: [0], data: new Int8Array(0) },
  ]);
  assertSame(all({ x: [1, 2], y: { z: Int8Array.of(5, 6) } }), [{ x: 1, y: { z: 5 } }, {
    x: 2,
    y: { z: 6 },
  }]);
});

Deno.test("slices of a tensor are views", () => {
  const data = new Int8Array(6);
  const slice = slices({ dtype: "int8", shape: [3, 2], data }).get(1) as Tensor;
  assert(slice.data.buffer === data.buffer);
  assertEquals(slice.data.byteOffset, 2);
});

Deno.test("what has no first axis is refused", () => {
  const refuse = (tensor: Element, message: string) =>
    assertThrows(() => slices(tensor), InvalidArgumentError, message);
  refuse(1, "Cannot slice a number: it has no first axis");
  refuse({ a: null }, "Cannot slice null at a: it has no first axis");
  refuse({}, "Cannot slice an empty record: it has no first axis");
  refuse({ dtype: "int8", shape: [], data: new Int8Array(1) }, "Cannot take a tensor of shape [] apart");
  refuse({ a: [1], b: [1, 2] }, "its parts have lengths 1 and 2");
});
