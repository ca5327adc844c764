import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/mod.ts";
import { concatBytes } from "../../src/element/byte_writer.ts";
import {
  BlockEncoder,
  checkSpec,
  decodeBlock,
  decodeValue,
  type Element,
  type ElementSpec,
  type EncodedBlock,
  encodeValue,
  matchesSpec,
  showSpec,
} from "../../src/element/mod.ts";
import { alikeArb, assertSame, elementArb, elementOf, specArb } from "./arbitraries.ts";

/** A stream's reader: keeps the spec from block to block, as it came over the wire. */
class Stream {
  spec: ElementSpec | null = null;

  read(block: EncodedBlock): Element[] {
    if (block.spec !== null) this.spec = checkSpec(decodeValue(encodeValue(block.spec)));
    assertEquals(block.byteLength, block.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    const reader = decodeBlock(concatBytes(block.chunks), { ...block, spec: this.spec });
    assertEquals(reader.count, block.count);
    return Array.from({ length: reader.count }, (_, i) => reader.get(i));
  }
}

function roundTrip(elements: readonly Element[], encoder: BlockEncoder, stream: Stream): EncodedBlock {
  for (const element of elements) encoder.add(element);
  assertEquals(encoder.count, elements.length);
  assertEquals(encoder.bytes > 0, elements.length > 0);
  const block = encoder.finish();
  assertEquals([encoder.count, encoder.bytes], [0, 0]);
  const decoded = stream.read(block);
  assertEquals(decoded.length, elements.length);
  elements.forEach((element, i) => {
    assertSame(decoded[i], element);
    assert(matchesSpec(element, stream.spec!), `${showSpec(stream.spec!)} does not hold element ${i}`);
  });
  return block;
}

Deno.test("elements that share a spec come back from a block to the last bit", () => {
  fc.assert(
    fc.property(alikeArb, (elements) => void roundTrip(elements, new BlockEncoder(), new Stream())),
    { numRuns: 200 },
  );
});

Deno.test("elements of a given spec come back from a columnar block, which keeps what is fixed", () => {
  fc.assert(
    fc.property(
      specArb.filter((spec) => spec.kind !== "any").chain((spec) =>
        fc.tuple(fc.constant(spec), fc.array(elementOf(spec), { minLength: 1, maxLength: 8 }))
      ),
      ([spec, elements]) => {
        const block = roundTrip(elements, new BlockEncoder({ spec }), new Stream());
        assertEquals(block.encoding, "columnar");
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("elements of all kinds come back from whatever block they make", () => {
  fc.assert(
    fc.property(
      fc.array(elementArb, { minLength: 1, maxLength: 8 }),
      (elements) => void roundTrip(elements, new BlockEncoder(), new Stream()),
    ),
    { numRuns: 150 },
  );
});

Deno.test("a stream of blocks comes back although its spec widens on the way", () => {
  const blocksArb = fc.array(fc.oneof(alikeArb, fc.array(elementArb, { maxLength: 4 })), { maxLength: 5 });
  fc.assert(
    fc.property(blocksArb, (blocks) => {
      const encoder = new BlockEncoder();
      const stream = new Stream();
      for (const elements of blocks.filter((b) => b.length > 0)) roundTrip(elements, encoder, stream);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a wrong specification is of no harm: it widens", () => {
  fc.assert(
    fc.property(specArb, alikeArb, (spec, elements) => {
      roundTrip(elements, new BlockEncoder({ spec }), new Stream());
    }),
    { numRuns: 200 },
  );
});

Deno.test("what is no element is refused and leaves the block as it was", () => {
  const bad = [undefined, () => 1, "\ud800", new Date(0), [1, , 2], Symbol("s")];
  const badArb = fc.constantFrom<unknown>(...bad);
  const spoiled = (element: Element, value: unknown): unknown =>
    Array.isArray(element)
      ? [...element, value]
      : typeof element === "object" && element !== null && !ArrayBuffer.isView(element)
      ? { ...element, spoiled: value }
      : value;
  fc.assert(
    fc.property(alikeArb, badArb, (elements, value) => {
      const encoder = new BlockEncoder();
      for (const element of elements) {
        encoder.add(element);
        const { bytes } = encoder;
        const wrong = spoiled(element, value) as Element;
        assertThrows(() => encoder.add(wrong), InvalidArgumentError, "Cannot use");
        assertEquals(encoder.bytes, bytes);
      }
      new Stream().read(encoder.finish()).forEach((element, i) => assertSame(element, elements[i]));
    }),
    { numRuns: 200 },
  );
});

Deno.test("a failure in the middle of an element takes back what was added of it", () => {
  const encoder = new BlockEncoder();
  const good = (n: number) => ({
    list: [n, n, n, n, n],
    text: `text ${n}`,
    small: new Uint8Array(n % 5),
    large: new Uint8Array(65_536).fill(n),
    tensor: { dtype: "int8" as const, shape: [n % 3], data: new Int8Array(n % 3) },
    any: n % 2 === 0 ? n : null,
    big: BigInt(n),
    yes: true,
    last: n,
  });
  const elements = Array.from({ length: 7 }, (_, i) => good(i));
  for (const element of elements) {
    encoder.add(element);
    assertThrows(
      () => encoder.add({ ...element, last: undefined } as unknown as Element),
      InvalidArgumentError,
      "Cannot use undefined as an element: at last",
    );
  }
  const getter = Object.defineProperty({ ...good(8) }, "last", {
    enumerable: true,
    get: () => {
      throw new RangeError("the user's own");
    },
  });
  assertThrows(() => encoder.add(getter), RangeError, "the user's own");
  new Stream().read(encoder.finish()).forEach((element, i) => assertSame(element, elements[i]));
});

Deno.test("the spec is sent with the first block and again only when it changes", () => {
  const encoder = new BlockEncoder();
  const send = (...elements: Element[]) => {
    for (const element of elements) encoder.add(element);
    const { spec, encoding } = encoder.finish();
    return `${encoding} ${spec === null ? "as before" : showSpec(spec)}`;
  };
  assertEquals(send(new Uint8Array(2)), "columnar Uint8Array(2)");
  assertEquals(send(new Uint8Array(2), new Uint8Array(2)), "columnar as before");
  assertEquals(send(new Uint8Array(2), new Uint8Array(3)), "columnar Uint8Array(?)");
  assertEquals(send(new Uint8Array(2)), "columnar as before");
  assertEquals(send(), "columnar as before");
  assertEquals(send(new Int8Array(2)), "selfDescribing any");
  assertEquals(send(1, 2), "selfDescribing as before");
});

Deno.test("where a given spec says any, the first element decides", () => {
  const known: ElementSpec = { kind: "tuple", items: [{ kind: "number" }, { kind: "any" }] };
  const encoder = new BlockEncoder({ spec: known });
  encoder.add([0, { text: "a", sizes: [] }]);
  encoder.add([1, { text: "b", sizes: [5] }]);
  assertEquals(showSpec(encoder.finish().spec!), "[number, { text: string, sizes: number[] }]");
});

Deno.test("a given spec keeps lengths open, and lists lists", () => {
  const spec: ElementSpec = {
    kind: "record",
    fields: {
      list: { kind: "list", item: { kind: "any" } },
      bytes: { kind: "typedArray", dtype: "uint8", length: null },
      image: { kind: "tensor", dtype: "int8", shape: [null, 1] },
    },
  };
  const encoder = new BlockEncoder({ spec });
  encoder.add({
    list: ["a"],
    bytes: new Uint8Array(2),
    image: { dtype: "int8", shape: [1, 1], data: new Int8Array(1) },
  });
  assertEquals(
    showSpec(encoder.finish().spec!),
    "{ list: string[], bytes: Uint8Array(?), image: int8[?, 1] }",
  );
});

Deno.test("records whose keys stand in another order share a block", () => {
  const encoder = new BlockEncoder();
  encoder.add({ a: 1, b: "x" });
  encoder.add({ b: "y", a: 2 });
  encoder.add(Object.assign(Object.create(null), { a: 3, b: "z" }));
  const block = encoder.finish();
  assertEquals(showSpec(block.spec!), "{ a: number, b: string }");
  assertEquals(new Stream().read(block), [{ a: 1, b: "x" }, { a: 2, b: "y" }, { a: 3, b: "z" }]);
});

Deno.test("records of tensors and records that only look like them are told apart", () => {
  const encoder = new BlockEncoder();
  const looks = (data: Element) => ({ dtype: "int8", shape: [1], data });
  const elements = [looks("text"), looks(Int8Array.of(1)), { ...looks(Int8Array.of(1)), more: 1 }];
  roundTrip(elements, encoder, new Stream());
});

Deno.test("an array of 64 KiB or more is a chunk of its own, in its own memory", () => {
  const encoder = new BlockEncoder();
  const large = new Float32Array(16_384);
  const small = new Float32Array(16_383);
  encoder.add({ image: large, label: 1 });
  encoder.add({ image: small, label: 2 });
  const { chunks } = encoder.finish();
  assert(chunks.some((chunk) => chunk.buffer === large.buffer && chunk.length === 65_536));
  assert(chunks.every((chunk) => chunk.buffer !== small.buffer));

  const other = new BlockEncoder();
  other.add({ dtype: "float32", shape: [128, 128], data: large });
  assert(other.finish().chunks[0].buffer === large.buffer);
  other.add(1);
  other.add([large]);
  assert(other.finish().chunks.some((chunk) => chunk.buffer === large.buffer));
});

Deno.test("an array below 64 KiB may be reused as soon as it was added", () => {
  const encoder = new BlockEncoder();
  const array = new Int32Array(3);
  for (let i = 0; i < 3; i++) encoder.add(array.fill(i));
  assertEquals(new Stream().read(encoder.finish()), [0, 1, 2].map((i) => new Int32Array(3).fill(i)));
});

Deno.test("blocks that were given away do not change when the encoder goes on", () => {
  const encoder = new BlockEncoder();
  const make = (from: number) => {
    for (let i = 0; i < 10_000; i++) encoder.add([from + i, i % 2 === 0, new Float64Array([from])]);
    return encoder.finish();
  };
  const first = make(0);
  const before = concatBytes(first.chunks).slice();
  make(1);
  make(2);
  assertEquals(concatBytes(first.chunks), before);
});

Deno.test("memory that is shared with other threads is copied", () => {
  const encoder = new BlockEncoder();
  const shared = new Uint8Array(new SharedArrayBuffer(70_000)).fill(3);
  encoder.add(shared);
  const { chunks } = encoder.finish();
  shared.fill(4);
  assertEquals(chunks[0][0], 3);
});

Deno.test("the estimate of a block's size is about right", () => {
  const encoder = new BlockEncoder();
  for (let i = 0; i < 1_000; i++) {
    encoder.add({ id: i, text: "x".repeat(i % 100), data: new Uint8Array(i % 50) });
  }
  const { bytes } = encoder;
  const { byteLength } = encoder.finish();
  assert(Math.abs(bytes - byteLength) < byteLength / 10, `${bytes} is far from ${byteLength}`);
});

Deno.test("text of many groups and of any script comes back", () => {
  const encoder = new BlockEncoder();
  const texts = Array.from({ length: 30 }, (_, i) => ["plain ", "größe ", "€ 😀 "][i % 3].repeat(i * 1_000));
  roundTrip(texts, encoder, new Stream());
});
