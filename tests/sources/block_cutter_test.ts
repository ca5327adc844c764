import { joinBytes } from "../../src/base/mod.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BlockCutter, lineScanner, TOO_LONG } from "../../src/sources/block_cutter.ts";
import { CsvRecordScanner } from "../../src/sources/csv_quotes.ts";
import { cuts, utf8 } from "./helpers.ts";

function blocksOf(
  cutter: BlockCutter,
  chunks: readonly Uint8Array<ArrayBuffer>[],
): (string | typeof TOO_LONG)[] {
  const blocks: (string | typeof TOO_LONG)[] = [];
  const drain = () => {
    for (let block = cutter.next(); block !== undefined; block = cutter.next()) {
      blocks.push(block === TOO_LONG ? block : new TextDecoder().decode(block));
      if (block === TOO_LONG) return;
    }
  };
  for (const chunk of chunks) {
    cutter.push(chunk);
    drain();
  }
  cutter.end();
  drain();
  return blocks;
}

Deno.test("blocks hold whole lines and are about as large as wanted", () => {
  const cutter = new BlockCutter(lineScanner, { maxRecordBytes: 100, blockBytes: 8 });
  assertEquals(blocksOf(cutter, [utf8("a\nbb\nccc\ndddddddddd\ne")]), [
    "a\nbb\n",
    "ccc\n",
    "dddddddddd\n",
    "e",
  ]);
  assert(cutter.done);
});

Deno.test("a block within one chunk is a view over it", () => {
  const cutter = new BlockCutter(lineScanner, { maxRecordBytes: 100 });
  const chunk = utf8("a\nb\nc");
  cutter.push(chunk);
  const block = cutter.next() as Uint8Array;
  assertEquals([block.buffer, block.length], [chunk.buffer, 4]);
  assertEquals([cutter.next(), cutter.done], [undefined, false]);
});

Deno.test("no line beyond the limit is gathered, wherever the bytes are cut", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "a", "a", "\n"), maxLength: 40 });
  fc.assert(
    fc.property(texts.chain((text) => fc.tuple(fc.constant(text), cuts(utf8(text)))), ([text, chunks]) => {
      const blocks = blocksOf(new BlockCutter(lineScanner, { maxRecordBytes: 5, blockBytes: 7 }), chunks);
      const lines = text.split("\n");
      const long = lines.findIndex((line) => line.length > 5);
      assertEquals(blocks.includes(TOO_LONG), long >= 0);
      const given = blocks.filter((block) => block !== TOO_LONG).join("");
      assertEquals(given, long < 0 ? text : lines.slice(0, long).map((line) => line + "\n").join(""));
    }),
  );
});

Deno.test("csv blocks end behind line feeds outside of quotes", () => {
  const records = ['a,"b\nc"\n', '"""\n"\n', "d\n", '"e""\n""f"\n'];
  const bytes = joinBytes(records.map(utf8));
  fc.assert(fc.property(cuts(bytes), fc.integer({ min: 1, max: 20 }), (chunks, blockBytes) => {
    const blocks = blocksOf(
      new BlockCutter(new CsvRecordScanner(), { maxRecordBytes: 100, blockBytes }),
      chunks,
    );
    const ends = records.map((_, i) => records.slice(0, i + 1).join("").length);
    let at = 0;
    for (const block of blocks as string[]) {
      assert(ends.includes(at += block.length), `a block ends at ${at}`);
    }
    assertEquals(blocks.join(""), records.join(""));
  }));
});
