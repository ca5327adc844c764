import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { byteSize, copyElement, type Element } from "../../src/element/mod.ts";
import { assertSame, elementArb } from "./arbitraries.ts";

Deno.test("a copy is the same, and shares no memory", () => {
  fc.assert(fc.property(elementArb, (element) => assertSame(copyElement(element), element)));
  const inner = {
    list: [1],
    bytes: Uint8Array.of(1),
    tensor: { dtype: "int8" as const, shape: [1], data: Int8Array.of(1) },
  };
  const copy = copyElement(inner) as typeof inner;
  inner.list[0] = 2;
  inner.bytes[0] = 2;
  inner.tensor.data[0] = 2;
  inner.tensor.shape[0] = 2;
  assertEquals(copy, {
    list: [1],
    bytes: Uint8Array.of(1),
    tensor: { dtype: "int8", shape: [1], data: Int8Array.of(1) },
  });
});

Deno.test("the size of an element grows with what it holds", () => {
  const grows = (small: Element, large: Element, by: number) =>
    assert(byteSize(large) - byteSize(small) >= by, `${byteSize(large)} - ${byteSize(small)} is below ${by}`);
  grows("", "x".repeat(100), 100);
  grows(new Float32Array(0), new Float32Array(25), 100);
  grows([], [1, 2, 3], 24);
  grows({}, { a: "x".repeat(100) }, 100);
  grows(1, { dtype: "int8", shape: [100], data: new Int8Array(100) }, 100);
  for (const scalar of [0, true, null, 1n]) assertEquals(byteSize(scalar), 8);
});
