import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import zlib from "node:zlib";
import { DataLossError, FailedPreconditionError } from "../../../src/base/mod.ts";
import { type Codec, CodecSet, portableCodecs } from "../../../src/element/mod.ts";

const snappy = portableCodecs.get("SNAPPY")!;
const gzip = portableCodecs.get("GZIP")!;
const zstd = portableCodecs.get("ZSTD")!;

/** Bytes with and without repetition, empty ones included. */
const bytesArb: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(9_000)).map(([part, length]) =>
    Uint8Array.from({ length }, (_, i) => part[i % part.length] ^ (i >>> 9))
  ),
).map((bytes) => new Uint8Array(bytes));

function compressZstd(bytes: Uint8Array, level = 1): Uint8Array {
  return zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } });
}

async function decompressOrRefuse(codec: Codec, bytes: Uint8Array, size: number): Promise<void> {
  try {
    const out = await codec.decompress(bytes, size);
    assertEquals(out.length, size);
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
  }
}

Deno.test("what Snappy and gzip compress comes back, out of one chunk or several", async () => {
  await fc.assert(
    fc.asyncProperty(bytesArb, fc.nat(), async (bytes, cut) => {
      const at = cut % (bytes.length + 1);
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
      for (const codec of [snappy, gzip]) {
        assertEquals(codec.canCompress, true);
        assertEquals(await codec.decompress(await codec.compress(chunks), bytes.length), bytes);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("what the platform's Zstandard compresses is decompressed, at any level", () => {
  fc.assert(
    fc.property(
      bytesArb,
      fc.constantFrom(1, 3),
      (bytes, level) => assertEquals(zstd.decompress(compressZstd(bytes, level), bytes.length), bytes),
    ),
    { numRuns: 50 },
  );
  const large = new Uint8Array(400_000).map((_, i) => (i * i) >>> 7);
  assertEquals(zstd.decompress(compressZstd(large), large.length), large);
});

Deno.test("Snappy's own format is read: literals of all lengths and copies that overlap", () => {
  assertEquals(snappy.decompress(Uint8Array.of(0), 0), new Uint8Array(0));
  assertEquals(snappy.decompress(Uint8Array.of(5, 0, 7, 1, 1), 5), new Uint8Array(5).fill(7));
  const long = new Uint8Array(70_000).map((_, i) => i * 31);
  const framed = Uint8Array.of(0xf0, 0xa2, 0x04, 62 << 2, 0x6f, 0x11, 0x01, ...long);
  assertEquals(snappy.decompress(framed, 70_000), long);
  assertEquals(snappy.decompress(Uint8Array.of(4, 0, 9, 2 << 2 | 2, 1, 0), 4), new Uint8Array(4).fill(9));
  assertEquals(
    snappy.decompress(Uint8Array.of(4, 0, 9, 2 << 2 | 3, 1, 0, 0, 0), 4),
    new Uint8Array(4).fill(9),
  );
});

Deno.test("damaged Snappy data is refused, whatever it claims", () => {
  const refuse = (bytes: number[], size: number, message: string) =>
    assertThrows(() => snappy.decompress(Uint8Array.from(bytes), size), DataLossError, message);
  refuse([], 0, "its length is not there");
  refuse([0x80], 1, "its length is not there");
  refuse([0x80, 0x80, 0x80, 0x80, 0x80, 1], 1, "its length is not there");
  refuse([5, 0, 7], 4, "it gives 5 bytes, not 4");
  refuse([5, 0, 7], 5, "it gives 1 of 5 bytes");
  refuse([0xff, 0xff, 0x3f, 0], 2 ** 20 - 1, "4 bytes cannot give 1048575");
  refuse([2, 1 << 2, 7], 2, "a literal at byte 2 is too long");
  refuse([1, 1 << 2, 7, 8], 1, "a literal at byte 2 is too long");
  refuse([9, 63 << 2, 0xff, 0xff, 0xff, 0xff, 1], 9, "is too long");
  refuse([9, 60 << 2], 9, "is too long");
  refuse([5, 0, 7, 1, 0], 5, "a copy at byte 3 leaves the data");
  refuse([5, 0, 7, 1, 2], 5, "a copy at byte 3 leaves the data");
  refuse([4, 0, 7, 1, 1], 4, "a copy at byte 3 leaves the data");
  refuse([5, 0, 7, 1], 5, "a copy at byte 3 leaves the data");
  refuse([9, 0, 7, 3, 0xff, 0xff, 0xff, 0xff], 9, "a copy at byte 3 leaves the data");
});

Deno.test("random, truncated and flipped bytes give what was promised or DataLossError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.nat(80), async (bytes, size) => {
      for (const codec of [snappy, zstd, gzip]) await decompressOrRefuse(codec, bytes, size);
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(bytesArb, fc.nat(), fc.nat(), async (bytes, place, cut) => {
      for (const codec of [snappy, gzip]) {
        const packed = new Uint8Array(await codec.compress([bytes]));
        await decompressOrRefuse(codec, packed.subarray(0, cut % packed.length), bytes.length);
        packed[(place >>> 3) % packed.length] ^= 1 << (place & 7);
        await decompressOrRefuse(codec, packed, bytes.length);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("data of another size than was promised is refused", async () => {
  const bytes = new Uint8Array(100).fill(1);
  for (const size of [99, 101, 0]) {
    const packed = await gzip.compress([bytes]);
    await assertRejects(
      async () => await gzip.decompress(packed, size),
      DataLossError,
      "Cannot decompress GZIP data",
    );
    assertThrows(
      () => zstd.decompress(compressZstd(bytes), size),
      DataLossError,
      "Cannot decompress ZSTD data",
    );
  }
});

Deno.test("Zstandard frames that claim memory, continue or end early are refused", () => {
  const bytes = new Uint8Array(300).map((_, i) => i * i);
  const frame = new Uint8Array(compressZstd(bytes));
  const refuse = (damaged: Uint8Array, message: string) =>
    assertThrows(() => zstd.decompress(damaged, bytes.length), DataLossError, message);
  for (let end = 0; end < frame.length; end++) refuse(frame.subarray(0, end), "Cannot decompress ZSTD data");
  refuse(Uint8Array.of(...frame, ...frame), "its frame does not end with its bytes");
  refuse(Uint8Array.of(1, ...frame), "it does not begin as a frame");
  refuse(
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0),
    "its window of 2199023255552 bytes is too large",
  );
  refuse(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 0, 1, 0, 0), "it asks for a dictionary");
});

Deno.test("a Zstandard tree that would never come to an end is refused", () => {
  const frame = (...weights: number[]) =>
    Uint8Array.of(
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0x20,
      10,
      0x5d,
      0,
      0,
      0xa2,
      0xc0,
      1,
      4,
      ...weights,
      0x80,
      0x80,
      1,
      0,
    );
  const refuse = (bytes: Uint8Array) =>
    assertThrows(() => zstd.decompress(bytes, 10), DataLossError, "a Huffman tree has one symbol only");
  refuse(frame(0xf0, 0x03, 0xff));
  // The same behind a symbol of no probability (five bits: 1) and no repetition of it (two bits: 0).
  refuse(frame(0x10, 0xf8, 0x01));
});

Deno.test("a portable Zstandard does not compress, and says so", () => {
  assertEquals(zstd.canCompress, false);
  assertThrows(() => zstd.compress([]), FailedPreconditionError, "Cannot compress by ZSTD");
});

Deno.test("a set of codecs is extended by name and stays as it was", () => {
  const other: Codec = { ...snappy };
  const extended = portableCodecs.with([other]);
  assertEquals(extended.get("SNAPPY") === other, true);
  assertEquals(portableCodecs.get("SNAPPY") === snappy, true);
  assertEquals(extended.names.toSorted(), ["GZIP", "SNAPPY", "ZSTD"]);
  assertEquals(new CodecSet([]).get("GZIP"), undefined);
});
