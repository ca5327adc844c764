import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeUtf8, invalidUtf8At, utf8Length } from "../../src/sources/utf8.ts";
import { utf8 } from "./helpers.ts";

Deno.test("text is decoded as it is, with its byte order mark", () => {
  assertEquals(decodeUtf8(utf8("\ufeffä😀")), "\ufeffä😀");
  assertEquals(decodeUtf8(new Uint8Array(0)), "");
});

Deno.test("bytes that are no UTF-8 are found where they begin to be wrong", () => {
  const cases: [bytes: number[], at: number][] = [
    [[0xff], 0],
    [[0x61, 0x80], 1],
    [[0x61, 0xc3, 0x61], 2],
    [[0xf0, 0x9f, 0x98, 0x61], 3],
    [[0xed, 0xa0, 0x80], 1],
    [[0xc0, 0x80], 0],
    [[0x61, 0xc3], 2],
  ];
  for (const [bytes, at] of cases) {
    assertEquals(decodeUtf8(Uint8Array.from(bytes)), null, `${bytes}`);
    assertEquals(invalidUtf8At(Uint8Array.from(bytes)), at, `${bytes}`);
  }
});

Deno.test("one wrong byte is found wherever it stands", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "ä", "€", "😀"), maxLength: 40 });
  fc.assert(fc.property(texts, texts, (before, after) => {
    const bytes = Uint8Array.from([...utf8(before), 0xff, ...utf8(after)]);
    assertEquals(invalidUtf8At(bytes), utf8Length(before));
  }));
});
