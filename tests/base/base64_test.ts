import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeBase64, encodeBase64, InvalidArgumentError } from "../../src/base/mod.ts";

Deno.test("bytes come back from base64, whatever they are and however many", () => {
  assertEquals(encodeBase64(new Uint8Array([0, 1, 254, 255])), "AAH+/w==");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      assertEquals(decodeBase64(encodeBase64(bytes)), new Uint8Array(bytes));
    }),
  );
  const many = new Uint8Array(100_000).map((_, i) => i * 7);
  assertEquals(decodeBase64(encodeBase64(many)), many);
});

Deno.test("a text that is not base64 is refused", () => {
  assertThrows(() => decodeBase64("a*b="), InvalidArgumentError, "base64");
});
