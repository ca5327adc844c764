import { assertEquals } from "@std/assert";
import { type Codec, type CodecName, CodecSet } from "../../../src/element/mod.ts";
import type { Block } from "../../../src/worker/runners/block_packer.ts";
import {
  StreamCompressor,
  type StreamCompressorOptions,
} from "../../../src/worker/runners/stream_compressor.ts";

/** A codec that makes every block as large as it is told. */
class FakeCodec implements Codec {
  readonly canCompress = true;
  calls = 0;
  constructor(readonly name: CodecName, public size: number) {}
  compress(): Uint8Array<ArrayBuffer> {
    this.calls++;
    return new Uint8Array(this.size);
  }
  decompress(): Uint8Array<ArrayBuffer> {
    throw new Error("Not needed");
  }
}

const block: Block = {
  encoding: "columnar",
  count: 1,
  spec: null,
  chunks: [new Uint8Array(10_000)],
  byteLength: 10_000,
  provenance: null,
};

async function compressions(
  codec: FakeCodec,
  options: Partial<StreamCompressorOptions>,
  sizes: number[],
): Promise<CodecName[]> {
  const compressor = new StreamCompressor({
    codecs: new CodecSet([codec]),
    accepted: [codec.name],
    wish: "AUTO",
    loopback: false,
    ...options,
  });
  const seen: CodecName[] = [];
  for (const size of sizes) {
    codec.size = size;
    seen.push((await compressor.compress(block)).compression);
  }
  return seen;
}

Deno.test("AUTO goes on compressing where the first block shrinks enough", async () => {
  const codec = new FakeCodec("ZSTD", 0);
  assertEquals(await compressions(codec, {}, [5_000, 9_900, 5_000]), ["ZSTD", "ZSTD", "ZSTD"]);
});

Deno.test("AUTO stops for good where the first block shrinks by less than a tenth", async () => {
  const codec = new FakeCodec("ZSTD", 0);
  assertEquals(await compressions(codec, {}, [9_100, 10, 10]), ["ZSTD", "NONE", "NONE"]);
  assertEquals(codec.calls, 1);
});

Deno.test("AUTO compresses nothing over loopback, nor with codecs that are slower than a network", async () => {
  const zstd = new FakeCodec("ZSTD", 0);
  assertEquals(await compressions(zstd, { loopback: true }, [10]), ["NONE"]);
  const gzip = new FakeCodec("GZIP", 0);
  assertEquals(await compressions(gzip, {}, [10]), ["NONE"]);
  assertEquals([zstd.calls, gzip.calls], [0, 0]);
});

Deno.test("a wish is kept block by block, but for blocks that would grow", async () => {
  const codec = new FakeCodec("GZIP", 0);
  const wish = { wish: "GZIP", loopback: true } as const;
  assertEquals(await compressions(codec, wish, [9_999, 10_000, 20_000, 10]), [
    "GZIP",
    "NONE",
    "NONE",
    "GZIP",
  ]);
});

Deno.test("tiny blocks are sent as they are, and say nothing about those that follow", () => {
  const codec = new FakeCodec("ZSTD", 100);
  const compressor = new StreamCompressor({
    codecs: new CodecSet([codec]),
    accepted: ["ZSTD"],
    wish: "AUTO",
    loopback: false,
  });
  const tiny = { ...block, chunks: [new Uint8Array(100)], byteLength: 100 };
  assertEquals(compressor.compress(tiny), { compression: "NONE", payload: tiny.chunks });
  assertEquals(codec.calls, 0);
  assertEquals(compressor.compress(block), { compression: "ZSTD", payload: [new Uint8Array(100)] });
});
