import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError, InvalidArgumentError } from "../../src/base/mod.ts";
import { decodeValue, type Element, encodeValue } from "../../src/element/mod.ts";
import { arrayOf, assertSame, DTYPES, elementArb } from "./arbitraries.ts";

Deno.test("every element comes back from the self-describing encoding to the last bit", () => {
  fc.assert(
    fc.property(elementArb, (element) => assertSame(decodeValue(encodeValue(element)), element)),
    { numRuns: 200 },
  );
});

Deno.test("edges of every kind come back", () => {
  const own = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "": 3}');
  const edges: Element[] = [
    0,
    -0,
    NaN,
    -Infinity,
    2 ** 31,
    2 ** 31 + 1,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 53 + 2,
    0.1,
    "",
    "ä".repeat(24),
    "x".repeat(24),
    "x".repeat(25),
    "x".repeat(127),
    "x".repeat(128),
    "€".repeat(5_461),
    "€".repeat(5_462),
    "\ufeffmark",
    0n,
    -1n,
    2n ** 63n - 1n,
    2n ** 63n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    256n ** 40n,
    [],
    {},
    [[], {}, [[[]]]],
    own,
    { dtype: "int8", shape: [], data: Int8Array.of(-1) },
    { dtype: "int8", shape: [0, 2 ** 40], data: new Int8Array(0) },
    { dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) },
    { dtype: "int9", shape: [2], data: Uint8Array.of(0, 1) },
    { dtype: "int8", shape: [2], data: "no tensor" },
    new Uint8Array(100_000).fill(9),
    [1, new Float64Array(9_000).fill(0.5), "after", new Float64Array([2])],
  ];
  for (const edge of edges) assertSame(decodeValue(encodeValue(edge)), edge);
});

Deno.test("typed arrays of every dtype come back, NaN payloads included, in memory of their own", () => {
  fc.assert(fc.property(
    fc.constantFrom(...DTYPES).chain((dtype) =>
      fc.tuple(fc.constant(dtype), fc.nat(9).chain((n) => arrayOf(dtype, n)))
    ),
    ([dtype, data]) => {
      const tensor = { dtype, shape: [data.length], data };
      const bytes = encodeValue(tensor);
      const decoded = decodeValue(bytes) as typeof tensor;
      assertSame(decoded, tensor);
      assert(decoded.data.buffer !== bytes.buffer);
    },
  ));
});

Deno.test("the bytes are those of the specification", () => {
  assertEquals([...encodeValue([null, false, true, -1, 300])], [8, 5, 0, 1, 2, 4, 1, 4, 0xd8, 4]);
  assertEquals([...encodeValue({ ä: "b" })], [9, 1, 2, 0xc3, 0xa4, 5, 1, 98]);
  assertEquals([...encodeValue(0.5)], [3, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f]);
  assertEquals([...encodeValue(-2n)], [6, 0xfe, 255, 255, 255, 255, 255, 255, 255]);
  assertEquals([...encodeValue(-(2n ** 64n))], [7, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assertEquals([...encodeValue(Int16Array.of(1, -1))], [10, 2, 2, 0, 1, 0, 255, 255]);
  assertEquals([...encodeValue({ dtype: "bool", shape: [1, 2], data: Uint8Array.of(1, 0) })], [
    11,
    12,
    2,
    1,
    2,
    1,
    0,
  ]);
});

Deno.test("equal elements have equal bytes, whatever bits their NaNs have", () => {
  const odd = new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn]).buffer)[0];
  assertEquals(encodeValue([odd]), encodeValue([NaN]));
});

Deno.test("what is no element is not encoded", () => {
  assertThrows(
    () => encodeValue([{ a: undefined }] as unknown as Element),
    InvalidArgumentError,
    "Cannot use undefined as an element: at [0].a",
  );
});

Deno.test("bytes that end anywhere too early give DataLossError", () => {
  fc.assert(
    fc.property(elementArb, (element) => {
      const bytes = encodeValue(element);
      for (let end = 0; end < bytes.length; end++) {
        assertThrows(() => decodeValue(bytes.subarray(0, end)), DataLossError);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("bytes after the value give DataLossError", () => {
  assertThrows(
    () => decodeValue(Uint8Array.of(0, 0)),
    DataLossError,
    "Cannot decode value of 2 bytes: it ends at byte 1",
  );
});

/** Decodes what may be damaged: an element or DataLossError, nothing else. */
function decodeOrRefuse(bytes: Uint8Array): void {
  try {
    decodeValue(bytes);
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
  }
}

Deno.test("random bytes give an element or DataLossError", () => {
  const tagged = fc.tuple(fc.nat(12), fc.uint8Array({ maxLength: 40 })).map(([tag, rest]) =>
    Uint8Array.of(tag, ...rest)
  );
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), tagged), decodeOrRefuse), {
    numRuns: 3_000,
  });
});

Deno.test("flipped bits give an element or DataLossError", () => {
  fc.assert(
    fc.property(elementArb, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (element, places) => {
      const bytes = encodeValue(element);
      for (const place of places) bytes[(place >>> 3) % bytes.length] ^= 1 << (place & 7);
      decodeOrRefuse(bytes);
    }),
    { numRuns: 400 },
  );
});

Deno.test("damage of every kind is named with its place", () => {
  const cases: [number[], string][] = [
    [[], "Cannot decode value at byte 0: the bytes end here"],
    [[99], "Cannot decode value at byte 0: tag 99 is not known"],
    [[8, 0xff, 0xff, 0xff, 0xff, 0x0f], "4294967295 items do not fit into the 0 bytes that are left"],
    [[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a whole number is over 2^53"],
    [[5, 1, 0xff], "Cannot decode string of 1 bytes at byte 2: it is not UTF-8"],
    [[5, 3, 0xed, 0xa0, 0x80], "it is not UTF-8"],
    [[7, 0, 0], "a bigint is not in its form"],
    [[7, 2, 1, 1], "a bigint is not in its form"],
    [[7, 0, 1, 0], "a bigint is not in its form"],
    [[9, 2, 1, 97, 0, 1, 97, 0], "a key stands twice in a record"],
    [[10, 13, 0], "dtype 13 is not known"],
    [[10, 12, 0], "no typed array holds bool"],
    [[10, 1, 5, 1], "5 items do not fit"],
    [[10, 11, 0, 0, 0], "5 bytes are missing: 2 are left"],
    [[11, 1, 2, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f], "a tensor is too large"],
    [[11, 1, 1, 0xff, 0xff, 0xff, 0x7f], "bytes are missing"],
    [new Array<number>(600).fill(8).flatMap((tag) => [tag, 1]), "it is nested over 256 deep"],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decodeValue(Uint8Array.from(bytes)), DataLossError, message);
  }
});

Deno.test("256 levels are encoded and decoded, 257 are refused", () => {
  let element: Element = 1;
  for (let depth = 0; depth < 256; depth++) element = [element];
  assertSame(decodeValue(encodeValue(element)), element);
  assertThrows(() => encodeValue([element]), InvalidArgumentError, "Cannot use a value nested over 256 deep");
});

Deno.test("an encoding over maxBytes is refused", () => {
  const bytes = encodeValue("four");
  assertEquals(decodeValue(bytes, { maxBytes: 6 }), "four");
  assertThrows(
    () => decodeValue(bytes, { maxBytes: 5 }),
    DataLossError,
    "Cannot decode value of 6 bytes: the limit is 5",
  );
});
