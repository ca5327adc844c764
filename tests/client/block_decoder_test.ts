import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DataLossError, FailedPreconditionError, isPromise, joinBytes } from "../../src/base/mod.ts";
import { BlockDecoder } from "../../src/client/block_decoder.ts";
import {
  BlockEncoder,
  type BlockReader,
  type CodecName,
  CodecSet,
  type Element,
  encodeValue,
  portableCodecs,
} from "../../src/element/mod.ts";
import type { ReceivedBatch } from "../../src/rpc/mod.ts";

const encoder = new BlockEncoder();

function batch(elements: Element[], changes: Partial<ReceivedBatch> = {}): ReceivedBatch {
  for (const element of elements) encoder.add(element);
  const { encoding, count, spec, chunks, byteLength } = encoder.finish();
  return {
    sequence: 0,
    count,
    encoding,
    compression: "NONE",
    uncompressedSize: byteLength,
    spec: spec && encodeValue(spec),
    sessionId: "",
    endOfSequence: false,
    payload: joinBytes(chunks),
    ...changes,
  };
}

const elementsOf = (block: BlockReader) => Array.from({ length: block.count }, (_, i) => block.get(i));

Deno.test("blocks that are not compressed are there at once, and go by the spec of those before", () => {
  const decoder = new BlockDecoder(portableCodecs);
  const first = batch([1, 2]);
  const second = batch([3]);
  assert(first.spec !== null && second.spec === null);
  const decoded = [first, second].map((received) => decoder.decode(received));
  assert(decoded.every((block) => !isPromise(block)));
  assertEquals((decoded as BlockReader[]).map(elementsOf), [[1, 2], [3]]);
});

Deno.test("numbers in a typed array are views of the received bytes", () => {
  const decoder = new BlockDecoder(portableCodecs);
  const received = batch([new Float32Array([1, 2])]);
  const block = decoder.decode(received) as BlockReader;
  assertEquals((block.get(0) as Float32Array).buffer, received.payload.buffer);
});

for (const name of ["SNAPPY", "GZIP"] as const satisfies CodecName[]) {
  Deno.test(`blocks compressed with ${name} are decompressed`, async () => {
    const plain = batch(Array.from({ length: 100 }, () => "the same"));
    const compressed = await portableCodecs.get(name)!.compress([plain.payload]);
    const received = { ...plain, compression: name, payload: new Uint8Array(compressed) };
    const block = await new BlockDecoder(portableCodecs).decode({
      ...received,
      spec: encodeValue({ kind: "string" }),
    });
    assertEquals(elementsOf(block), Array.from({ length: 100 }, () => "the same"));
    await assertRejects(
      async () => await new BlockDecoder(portableCodecs).decode({ ...received, uncompressedSize: 10 }),
      DataLossError,
    );
  });
}

Deno.test("a compression that this runtime cannot undo is refused by name", () => {
  const decoder = new BlockDecoder(new CodecSet([]));
  assertThrows(
    () => decoder.decode(batch([1], { compression: "ZSTD" })),
    FailedPreconditionError,
    "compressed with ZSTD",
  );
});

Deno.test("elements that are to be left out are", async () => {
  const received = batch(["a", "b", "c"], { skipCount: 1 });
  assertEquals(elementsOf(await new BlockDecoder(portableCodecs).decode(received)), ["b", "c"]);
});
