import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError } from "../../src/base/mod.ts";
import { concatBytes } from "../../src/element/byte_writer.ts";
import {
  BlockEncoder,
  type BlockHeader,
  decodeBlock,
  type Element,
  type ElementSpec,
  type Tensor,
} from "../../src/element/mod.ts";
import { alikeArb, elementArb, specArb } from "./arbitraries.ts";

function encode(elements: readonly Element[]): { payload: Uint8Array<ArrayBuffer>; header: BlockHeader } {
  const encoder = new BlockEncoder();
  for (const element of elements) encoder.add(element);
  const block = encoder.finish();
  return { payload: concatBytes(block.chunks).slice(), header: block };
}

/** Decodes what may be damaged: elements or DataLossError, nothing else. */
function decodeOrRefuse(payload: Uint8Array, header: BlockHeader): void {
  try {
    const block = decodeBlock(payload, header);
    assert(block.count <= payload.length);
    for (let i = 0; i < block.count; i++) block.get(i);
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
  }
}

Deno.test("the bytes are those of the specification", () => {
  const bytes = (elements: Element[]) => [...encode(elements).payload];
  assertEquals(bytes([1, -0]), [...new Uint8Array(Float64Array.of(1, -0).buffer)]);
  assertEquals(bytes([true, false, true]), [1, 0, 1]);
  assertEquals(bytes([null, null]), [0, 0]);
  assertEquals(bytes(["a", "", "äb"]), [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 97, 0xc3, 0xa4, 98]);
  assertEquals(bytes([2n]), [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(bytes([Int8Array.of(1, 2), Int8Array.of(3, 4)]), [1, 2, 3, 4]);
  assertEquals(
    bytes([Int8Array.of(1, 2), Int8Array.of(3)]),
    [0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3],
  );
  assertEquals(bytes([{ a: true, b: null }, { a: false, b: null }]), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(bytes([[true], [false, true]]), [0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  assertEquals(bytes([1, "a"]), [0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 4, 2, 5, 1, 97]);
  const tensor = (shape: number[]): Tensor => ({ dtype: "bool", shape, data: new Uint8Array(2).fill(1) });
  const two = [...new Uint8Array(Float64Array.of(2, 1).buffer)];
  assertEquals(bytes([tensor([1, 2]), tensor([1, 2])]), [1, 1, 1, 1]);
  assertEquals(
    bytes([tensor([2, 1]), { dtype: "bool", shape: [1, 1], data: Uint8Array.of(1) }]),
    [...two, 1, 1, 1],
  );
  assertEquals(bytes([tensor([2]), tensor([2, 1])]), [
    ...[0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],
    ...[...new Uint8Array(Float64Array.of(2).buffer), ...two],
    ...[1, 1, 1, 1],
  ]);
});

Deno.test("typed arrays and tensors are views of an aligned payload", () => {
  const { payload, header } = encode([
    { image: new Float32Array([1, 2, 3]), label: { dtype: "int64", shape: [1], data: BigInt64Array.of(5n) } },
    { image: new Float32Array([4]), label: { dtype: "int64", shape: [1], data: BigInt64Array.of(6n) } },
  ]);
  const block = decodeBlock(payload, header);
  const { image, label } = block.get(1) as { image: Float32Array; label: Tensor };
  assertEquals(image, new Float32Array([4]));
  assert(image.buffer === payload.buffer);
  assert(label.data.buffer === payload.buffer);
});

Deno.test("a payload that is not aligned is copied once", () => {
  const { payload, header } = encode([{ a: new Float64Array([1]), b: Int16Array.of(2) }]);
  const shifted = new Uint8Array(payload.length + 3);
  shifted.set(payload, 3);
  const { a, b } = decodeBlock(shifted.subarray(3), header).get(0) as { a: Float64Array; b: Int16Array };
  assertEquals([a, b], [new Float64Array([1]), Int16Array.of(2)]);
  assert(a.buffer !== shifted.buffer);
  assert(a.buffer === b.buffer);
});

Deno.test("arrays within self-describing values are views too", () => {
  const { payload, header } = encode([1, [new Float64Array([1, 2])]]);
  assertEquals(header.encoding, "selfDescribing");
  const [array] = decodeBlock(payload, header).get(1) as [Float64Array];
  assert(array.buffer === payload.buffer);
});

Deno.test("elements may be taken in any order, and more than once", () => {
  const texts = Array.from({ length: 2_000 }, (_, i) => i % 3 === 0 ? `ä${i}` : `plain ${i}`);
  const { payload, header } = encode(texts);
  const block = decodeBlock(payload, header);
  for (const i of [1_999, 0, 1_000, 999, 0, 257, 256, 255]) assertEquals(block.get(i), texts[i]);
  for (let i = 0; i < texts.length; i++) assertEquals(block.get(i), texts[i]);
});

Deno.test("a payload that ends anywhere too early gives DataLossError before any element is taken", () => {
  fc.assert(
    fc.property(fc.oneof(alikeArb, fc.array(elementArb, { minLength: 1, maxLength: 4 })), (elements) => {
      const { payload, header } = encode(elements);
      const step = Math.ceil(payload.length / 200);
      for (let end = 0; end < payload.length; end += step) {
        assertThrows(() => decodeBlock(payload.subarray(0, end), header), DataLossError);
      }
      assertThrows(() => decodeBlock(concatBytes([payload, new Uint8Array(1)]), header), DataLossError);
    }),
    { numRuns: 100 },
  );
});

Deno.test("random payloads under random specs give elements or DataLossError", () => {
  fc.assert(
    fc.property(specArb, fc.nat(20), fc.uint8Array({ maxLength: 200 }), (spec, count, payload) => {
      decodeOrRefuse(payload, { encoding: "columnar", count, spec });
      decodeOrRefuse(payload, { encoding: "selfDescribing", count, spec: null });
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("flipped bits give elements or DataLossError", () => {
  fc.assert(
    fc.property(alikeArb, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (elements, places) => {
      const { payload, header } = encode(elements);
      for (const place of places) payload[(place >>> 3) % payload.length] ^= 1 << (place & 7);
      decodeOrRefuse(payload, header);
    }),
    { numRuns: 400 },
  );
});

Deno.test("no count goes beyond the bytes that back it", () => {
  const count = 2 ** 32;
  const hollow: ElementSpec[] = [
    { kind: "null" },
    { kind: "tuple", items: [] },
    { kind: "record", fields: {} },
    { kind: "typedArray", dtype: "uint8", length: 0 },
    { kind: "tensor", dtype: "float64", shape: [0, 5] },
    { kind: "tuple", items: [{ kind: "null" }] },
    { kind: "list", item: { kind: "null" } },
    { kind: "any" },
  ];
  for (const spec of hollow) {
    assertThrows(() => decodeBlock(new Uint8Array(64), { encoding: "columnar", count, spec }), DataLossError);
  }
  const offsets = new Uint8Array(Uint32Array.of(0, 2 ** 32 - 1).buffer);
  for (const item of hollow) {
    const list: BlockHeader = { encoding: "columnar", count: 1, spec: { kind: "list", item } };
    assertThrows(() => decodeBlock(offsets, list), DataLossError);
  }
});

Deno.test("damage of every kind is refused", () => {
  const refuse = (spec: ElementSpec, count: number, payload: Uint8Array, message: string) =>
    assertThrows(() => decodeBlock(payload, { encoding: "columnar", count, spec }), DataLossError, message);
  const doubles = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
  const offsets = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
  refuse({ kind: "number" }, 2, doubles(1), "a run of 16 bytes does not fit into the 8 that are left");
  refuse({ kind: "number" }, 0, doubles(1), "8 bytes follow its 0 elements");
  refuse({ kind: "number" }, -1, doubles(1), "Cannot decode block of -1 elements");
  refuse({ kind: "number" }, 0.5, doubles(1), "Cannot decode block of 0.5 elements");
  refuse({ kind: "boolean" }, 2, Uint8Array.of(1, 2), "boolean 1 is 2");
  refuse({ kind: "bigint" }, 1, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), "bigints are in form 2");
  refuse({ kind: "string" }, 1, offsets(1, 1), "offset 0 of 1 is 1");
  refuse({ kind: "string" }, 3, offsets(0, 2, 1, 2), "offset 2 of 3 is 1");
  refuse(
    { kind: "tensor", dtype: "int8", shape: [null] },
    1,
    doubles(0.5),
    "a size of a tensor is no whole number",
  );
  refuse(
    { kind: "tensor", dtype: "int8", shape: [null] },
    1,
    doubles(-1),
    "a size of a tensor is no whole number",
  );
  refuse(
    { kind: "tensor", dtype: "int8", shape: [null] },
    1,
    doubles(NaN),
    "a size of a tensor is no whole number",
  );
  refuse(
    { kind: "tensor", dtype: "int8", shape: [null] },
    1,
    doubles(9),
    "tensor 0 is larger than what is left",
  );
  refuse({ kind: "tensor", dtype: "int8", shape: [2 ** 50, 8] }, 1, doubles(9), "are too large");
  refuse({ kind: "tensor", dtype: "int8", shape: [2 ** 50] }, 1, doubles(9), "does not fit");
  assertThrows(
    () => decodeBlock(new Uint8Array(0), { encoding: "columnar", count: 0, spec: null }),
    DataLossError,
    "no element spec was received before it",
  );
  assertThrows(
    () => decodeBlock(new Uint8Array(9), { encoding: "columnar", count: 1, spec: null, maxBytes: 8 }),
    DataLossError,
    "Cannot decode block of 9 bytes: the limit is 8",
  );
  const strange = { encoding: "rows", count: 0, spec: null } as unknown as BlockHeader;
  assertThrows(() => decodeBlock(new Uint8Array(0), strange), DataLossError, 'encoding "rows" is not known');
});

Deno.test("damage that only shows in an element is refused when it is taken", () => {
  const take = (spec: ElementSpec, payload: number[], message: string) => {
    const block = decodeBlock(Uint8Array.from(payload), { encoding: "columnar", count: 2, spec });
    assertThrows(() => block.get(0), DataLossError, message);
  };
  const offsets = (...values: number[]) => [...new Uint8Array(Uint32Array.of(...values, 0).buffer)];
  take({ kind: "string" }, [...offsets(0, 1, 2), 0xff, 97], "strings 0 to 1 are not UTF-8");
  take({ kind: "string" }, [...offsets(0, 1, 2), 0xc3, 0xa4], "string 1 begins within a character");
  take({ kind: "any" }, [...offsets(0, 2, 3), 0, 0, 0], "value 0 ends before byte 2 of its run");
  take({ kind: "any" }, [...offsets(0, 1, 2), 8, 0], "the bytes end here");
  take({ kind: "bigint" }, [1, 0, 0, 0, 0, 0, 0, 0, ...offsets(0, 1, 2), 0, 0], "bigint 0 is a object");
});
