import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { crc32c, maskedCrc32c } from "../../src/base/mod.ts";

Deno.test("crc32c gives the check values of RFC 3720", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assertEquals(crc32c(new Uint8Array()), 0);
});

Deno.test("crc32c runs on over pieces", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
    assertEquals(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at))), crc32c(bytes));
  }));
});

Deno.test("maskedCrc32c rotates and offsets", () => {
  const crc = crc32c(new TextEncoder().encode("a"));
  assertEquals(
    maskedCrc32c(new TextEncoder().encode("a")),
    (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0,
  );
});
