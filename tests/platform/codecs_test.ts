import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DataLossError, isPromise, SeededRandom } from "../../src/base/mod.ts";
import { portableCodecs } from "../../src/element/mod.ts";
import { nodeCodecs } from "../../src/platform/mod.ts";

const LARGE = Uint8Array.from({ length: 1_200_000 }, (_, i) => (i * i) >> 15);

Deno.test("the platform has zstd and gzip, both ways", () => {
  assertEquals(nodeCodecs.map((codec) => [codec.name, codec.canCompress]), [["ZSTD", true], ["GZIP", true]]);
});

for (const codec of nodeCodecs) {
  const rejects = async (bytes: Uint8Array, size: number): Promise<string> => {
    const error = await assertRejects(async () => await codec.decompress(bytes, size), DataLossError);
    return error.message;
  };

  Deno.test(`${codec.name} gives back what it got, as one run of plain bytes`, async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
    await fc.assert(fc.asyncProperty(chunks, async (chunks) => {
      const compressed = await codec.compress(chunks.map((chunk) => new Uint8Array(chunk)));
      const expected = chunks.flatMap((chunk) => [...chunk]);
      const bytes = await codec.decompress(compressed, expected.length);
      assertEquals([...bytes], expected);
      assertEquals([bytes.constructor, compressed.constructor], [Uint8Array, Uint8Array]);
      assertEquals(bytes.byteOffset % 8, 0);
    }));
  });

  Deno.test(`${codec.name} works at once on small payloads, and elsewhere on large ones`, async () => {
    const small = LARGE.slice(0, 100_000);
    const compressed = codec.compress([small]);
    assert(!isPromise(compressed));
    assertEquals(codec.decompress(compressed, small.length), small);
    const large = codec.compress([LARGE]);
    assert(isPromise(large));
    const bytes = codec.decompress(await large, LARGE.length);
    assert(isPromise(bytes));
    assertEquals(await bytes, LARGE);
    assert((await large).length < LARGE.length / 2);
  });

  for (const [what, bytes] of [["small", LARGE.slice(0, 5_000)], ["large", LARGE]] as const) {
    Deno.test(`${codec.name} refuses ${what} data that has not the stated size`, async () => {
      const compressed = await codec.compress([bytes]);
      const { length } = bytes;
      const prefix = `Cannot decompress ${codec.name} data: it gives`;
      assertEquals(await rejects(compressed, length + 1), `${prefix} ${length} of ${length + 1} bytes`);
      if (what === "small") assertEquals(await rejects(compressed, 0), `${prefix} more than 0 bytes`);
      assertEquals(await rejects(compressed, length - 1), `${prefix} more than ${length - 1} bytes`);
    });
  }

  Deno.test(`${codec.name} never gives other bytes than it got, wherever the data is cut off or a bit is flipped`, async () => {
    const original = LARGE.slice(500_000, 501_000);
    const compressed = await codec.compress([original]);
    const damaged = Array.from({ length: compressed.length }, (_, length) => compressed.slice(0, length));
    for (let bit = 0; bit < compressed.length * 8; bit += 23) {
      damaged.push(compressed.with(bit >> 3, compressed[bit >> 3] ^ (1 << (bit & 7))));
    }
    let refused = 0;
    for (const bytes of damaged) {
      try {
        // Some bits of the header mean nothing, and without its checksum at the end the data may still be all
        // there.
        assertEquals(await codec.decompress(bytes, original.length), original);
      } catch (error) {
        assertInstanceOf(error, DataLossError);
        refused++;
      }
    }
    assert(refused > damaged.length * 0.8, `refused ${refused} of ${damaged.length}`);
    assertEquals(await rejects(new Uint8Array(0), 0), `Cannot decompress ${codec.name} data: it is empty`);
  });

  Deno.test(`${codec.name} and its portable twin read each other, whatever the size`, async () => {
    const portable = portableCodecs.get(codec.name)!;
    const random = new SeededRandom(1);
    const noise = Uint8Array.from({ length: 300_000 }, () => random.below(256));
    for (const source of [LARGE, noise]) {
      for (const length of [0, 1, 5_000, 16_384, 50_000, 300_000]) {
        const bytes = source.slice(0, length);
        assertEquals(await portable.decompress(await codec.compress([bytes]), length), bytes);
        if (!portable.canCompress) continue;
        assertEquals(await codec.decompress(await portable.compress([bytes]), length), bytes);
      }
    }
  });
}

Deno.test("data that would fill the memory is stopped at the stated size", async () => {
  for (const codec of nodeCodecs) {
    const bomb = await codec.compress([new Uint8Array(64 << 20)]);
    assert(bomb.length < 1_000_000);
    await assertRejects(
      async () => await codec.decompress(bomb, 1_000),
      DataLossError,
      "it gives more than 1000 bytes",
    );
  }
});
