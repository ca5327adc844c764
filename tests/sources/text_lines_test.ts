import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DataLossError, joinBytes, ResourceExhaustedError } from "../../src/base/mod.ts";
import { LineDecoder } from "../../src/sources/line_decoder.ts";
import { Origin } from "../../src/sources/origin.ts";
import { textLinesFormat } from "../../src/sources/text_lines.ts";
import { cuts, decodeAll, type Decoded, utf8 } from "./helpers.ts";

function decode(chunks: readonly Uint8Array<ArrayBuffer>[], maxRecordBytes = 1_000_000): Decoded {
  return decodeAll(new LineDecoder(textLinesFormat, new Origin("a.txt", false), { maxRecordBytes }), chunks);
}

function linesOf(text: string): Decoded {
  return decode([utf8(text)]);
}

Deno.test("lines end with a line feed, with or without a carriage return before it", () => {
  assertEquals(linesOf("a\nb\r\n\n\r\n c \n").records, ["a", "b", "", "", " c "]);
  assertEquals(linesOf("a\rb\r\r\n\r").records, ["a\rb\r", "\r"]);
});

Deno.test("the last line counts without its line feed, but nothing behind a line feed is no line", () => {
  assertEquals(linesOf("a\nb").records, ["a", "b"]);
  assertEquals(linesOf("a\n").records, ["a"]);
  assertEquals(linesOf("\n").records, [""]);
  assertEquals(linesOf("").records, []);
});

Deno.test("a byte order mark is kept: nothing but line ends is cut", () => {
  assertEquals(linesOf("\ufeffa\n").records, ["\ufeffa"]);
});

Deno.test("lines are the same wherever the bytes are cut", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "ä", "😀", "\n", "\r\n", "\r"), maxLength: 60 });
  fc.assert(
    fc.property(text.chain((text) => fc.tuple(fc.constant(text), cuts(utf8(text)))), ([text, chunks]) => {
      const expected = text.split("\n").map((line, i, all) =>
        i < all.length - 1 ? line.replace(/\r$/, "") : line
      );
      if (expected.at(-1) === "") expected.pop();
      assertEquals(decode(chunks), { records: expected, errors: [] });
    }),
  );
});

Deno.test("many blocks, long lines and short ones, keep their order", () => {
  const lines = Array.from(
    { length: 5_000 },
    (_, i) => `${i} ${"x".repeat(i % 1_000 === 7 ? 40_000 : i % 90)}`,
  );
  const bytes = utf8(lines.join("\n"));
  const chunks = Array.from(
    { length: Math.ceil(bytes.length / 50_000) },
    (_, i) => bytes.slice(i * 50_000, (i + 1) * 50_000),
  );
  assertEquals(decode(chunks).records, lines);
});

Deno.test("a line with bytes that are no UTF-8 is lost, named by line and offset; its neighbours are not", () => {
  const { records, errors } = decode([
    joinBytes([utf8("ä\nb"), Uint8Array.of(0xff), utf8("c\nd\r\n"), Uint8Array.of(0xc3)]),
  ]);
  assertEquals(records, ["ä", "d"]);
  assertEquals(errors.map((error) => [error.constructor, error.message]), [
    [DataLossError, 'Cannot read line 2 of "a.txt" at byte 3: it is not UTF-8 from byte 4 on'],
    [DataLossError, 'Cannot read line 4 of "a.txt" at byte 10: it is not UTF-8 from byte 11 on'],
  ]);
});

Deno.test("a character that is cut off by a truncated file is damage, anything else a shorter file", () => {
  const bytes = utf8("aä\n😀b\nc");
  for (let length = 0; length <= bytes.length; length++) {
    const { records, errors } = decode([bytes.slice(0, length)]);
    const insideCharacter = (bytes[length] & 0xc0) === 0x80;
    assertEquals(errors.length, insideCharacter ? 1 : 0, `cut off at ${length}`);
    assert(errors.every((error) => error instanceof DataLossError));
    assert(
      ["aä", "😀b", "c"].every((line, i) => i >= records.length || line.startsWith(records[i] as string)),
    );
  }
});

Deno.test("a line over the limit is refused, wherever the bytes are cut, and ends the file", () => {
  const bytes = utf8("12345\n123456\n1\n");
  fc.assert(fc.property(cuts(bytes), (chunks) => {
    assertEquals(decode(chunks, 6), { records: ["12345", "123456", "1"], errors: [] });
    const { records, errors } = decode(chunks, 5);
    assertEquals(records, ["12345"]);
    assertEquals(errors.map((error) => [error.constructor, error.message]), [
      [
        ResourceExhaustedError,
        'Cannot read line 2 of "a.txt" at byte 6: it has over 5 bytes, `maxRecordBytes` is 5',
      ],
    ]);
  }));
});
