import { assert, assertEquals } from "@std/assert";
import { DataLossError, joinBytes, UnavailableError } from "../../src/base/mod.ts";
import { adler32 } from "../../src/sources/adler32.ts";
import type { Chunks } from "../../src/sources/chunks.ts";
import { type Compression, compressionOf, decompress } from "../../src/sources/compression.ts";
import { memoryFileSystem, readRecords, tfrecordFrame } from "../../src/sources/mod.ts";
import { areDataLoss, type Decoded, readAll, utf8 } from "./helpers.ts";

async function compress(
  bytes: Uint8Array<ArrayBuffer>,
  format: "gzip" | "deflate",
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function read(name: string, bytes: Uint8Array, compression?: string): Promise<Decoded> {
  const source = memoryFileSystem({ [name]: bytes }).source(name);
  return readAll(readRecords(source, "tfrecord", compression ? { compression } : {}));
}

const RECORDS = Array.from({ length: 400 }, (_, i) => utf8(`record ${i} ${"x".repeat(i)}`));
const FILE = joinBytes(RECORDS.map(tfrecordFrame));
const GZIP = await compress(FILE, "gzip");
const ZLIB = await compress(FILE, "deflate");

Deno.test("a file's compression goes by the end of its name, unless it is said", () => {
  const auto = (name: string) => compressionOf(name, "auto");
  assertEquals(["a.gz", "A.GZ", "a.zlib", "a.txt", "gz", "a.gz.txt"].map(auto), [
    "gzip",
    "gzip",
    "zlib",
    "none",
    "none",
    "none",
  ]);
  assertEquals(auto("https://h/a.gz?x=1#y"), "gzip");
  assertEquals(auto("https://h/a?file=b.gz"), "none");
  assertEquals(auto("a.gz?x"), "none");
  assertEquals(compressionOf("a.gz", "none"), "none");
  assertEquals(compressionOf("a", "zlib"), "zlib");
});

Deno.test("compressed files are read, by their name or by the option", async () => {
  for (
    const [name, bytes, option] of [["a.gz", GZIP], ["a", GZIP, "gzip"], ["a.zlib", ZLIB], [
      "a",
      ZLIB,
      "zlib",
    ]] as const
  ) {
    assertEquals(await read(name, bytes, option), { records: RECORDS, errors: [] });
  }
  assertEquals(await read("a.gz", FILE, "none"), { records: RECORDS, errors: [] });
});

Deno.test("every format may be compressed", async () => {
  const files = memoryFileSystem({
    "a.txt.gz": await compress(utf8("a\nb"), "gzip"),
    "a.jsonl.gz": await compress(utf8("[1]\n2\n"), "gzip"),
    "a.csv.gz": await compress(utf8("a\n1\n"), "gzip"),
  });
  assertEquals((await readAll(readRecords(files.source("a.txt.gz"), "textLines", {}))).records, ["a", "b"]);
  assertEquals((await readAll(readRecords(files.source("a.jsonl.gz"), "jsonl", {}))).records, [[1], 2]);
  assertEquals((await readAll(readRecords(files.source("a.csv.gz"), "csv", {}))).records, [{ a: "1" }]);
});

Deno.test("damage behind the decompression names the decompressed offset", async () => {
  const damaged = FILE.slice();
  damaged[12] ^= 1;
  const { errors } = await read("a.gz", await compress(damaged, "gzip"));
  assert(errors[0].message.startsWith('Cannot read record 0 of "a.gz" at decompressed byte 0: checksum is '));
});

for (const [kind, bytes] of [["gzip", GZIP], ["zlib", ZLIB]] as const) {
  Deno.test(`a ${kind} file that is cut off anywhere gives some first records, then DataLossError`, async () => {
    for (
      let length = 0;
      length < bytes.length;
      length += length < bytes.length - 12 && length > 12 ? 41 : 1
    ) {
      const { records, errors } = await read("a", bytes.slice(0, length), kind);
      assertEquals(records, RECORDS.slice(0, records.length));
      assertEquals(errors.length, 1, `cut off at ${length}`);
      assert(areDataLoss(errors));
      assert(errors[0].message.includes('"a"'), errors[0].message);
    }
  });

  Deno.test(`a damaged ${kind} file gives DataLossError with its name`, async () => {
    const written = new Set(RECORDS.map((record) => record.toHex()));
    // The header's time, flags and name of the system are not protected by anything.
    for (let at = kind === "gzip" ? 10 : 0; at < bytes.length; at += 101) {
      const damaged = bytes.slice();
      damaged[at] ^= 0x10;
      const { records, errors } = await read("a", damaged, kind);
      assert(records.every((record) => written.has((record as Uint8Array).toHex())), `damaged at ${at}`);
      assert(errors.length > 0 && areDataLoss(errors), `damaged at ${at}`);
      assert(errors.every((error) => error.message.includes('"a"')));
    }
  });
}

Deno.test("what is no compressed file at all is refused with its name", async () => {
  const { records, errors } = await read("plain.gz", utf8("no gzip"));
  assertEquals(records, []);
  assertEquals(errors[0].constructor, DataLossError);
  assert(
    errors[0].message.startsWith('Cannot decompress "plain.gz" (gzip) behind decompressed byte 0: '),
    errors[0].message,
  );
});

Deno.test("several gzip members are read where the platform can, and are never cut off silently", async () => {
  const members = joinBytes([await compress(FILE, "gzip"), await compress(FILE, "gzip")]);
  const { records, errors } = await read("a.gz", members);
  if (errors.length === 0) return assertEquals(records, [...RECORDS, ...RECORDS]);
  assert(areDataLoss(errors));
  assert(errors[0].message.includes("or made of several gzip members"), errors[0].message);
});

function chunksOf(
  pieces: readonly (Uint8Array<ArrayBuffer> | Error)[],
): Chunks & { cancelled: boolean; taken: number } {
  return {
    cancelled: false,
    taken: 0,
    next() {
      const piece = pieces[this.taken++] ?? null;
      return piece instanceof Error ? Promise.reject(piece) : Promise.resolve(piece);
    },
    cancel() {
      this.cancelled = true;
      return Promise.resolve();
    },
  };
}

async function drain(chunks: Chunks): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for (let chunk = await chunks.next(); chunk; chunk = await chunks.next()) all.push(chunk);
  return joinBytes(all);
}

for (const kind of ["gzip", "zlib"] as Compression[]) {
  Deno.test(`an error of the source passes through ${kind} unchanged`, async () => {
    const failure = new UnavailableError("the server is gone");
    const source = chunksOf([(kind === "gzip" ? GZIP : ZLIB).slice(0, 100), failure]);
    let thrown: unknown;
    await drain(decompress(source, kind, "a")).catch((error) => thrown = error);
    assertEquals(thrown, failure);
  });
}

Deno.test("cancelling reaches the source, also before the first chunk", async () => {
  const fresh = chunksOf([GZIP]);
  await decompress(fresh, "gzip", "a").cancel();
  assertEquals([fresh.cancelled, fresh.taken], [true, 0]);
  const begun = chunksOf([GZIP.slice(0, 1_000), GZIP.slice(1_000)]);
  const chunks = decompress(begun, "gzip", "a");
  await chunks.next();
  await chunks.cancel();
  assert(begun.cancelled);
});

Deno.test("a file that decompresses to much more comes in pieces, and is not read ahead", async () => {
  const bomb = await compress(new Uint8Array(32 << 20), "gzip");
  assert(bomb.length < 40_000);
  const pieces = Array.from(
    { length: Math.ceil(bomb.length / 1_000) },
    (_, i) => bomb.slice(i * 1_000, (i + 1) * 1_000),
  );
  const source = chunksOf(pieces);
  const chunks = decompress(source, "gzip", "bomb");
  const first = await chunks.next();
  assert(first!.length <= 17 << 20);
  assert(source.taken < pieces.length / 2, `took ${source.taken} of ${pieces.length} chunks`);
  await chunks.cancel();
});

Deno.test("Adler-32 is the one of zlib", () => {
  assertEquals(adler32(utf8("Wikipedia")), 0x11e60398);
  assertEquals(adler32(new Uint8Array(0)), 1);
  const large = new Uint8Array(100_000).fill(255);
  const stored = new DataView(ZLIB.buffer).getUint32(ZLIB.length - 4);
  assertEquals(adler32(FILE), stored);
  assertEquals(adler32(large), adler32(large.subarray(7), adler32(large.subarray(0, 7))));
});
