import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError } from "../../../src/base/mod.ts";
import { readTextProto, writeTextProto } from "../../../src/tensorflow/snapshots/text_proto.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("fields are lines, bytes are escaped, empty fields are left out", () => {
  const written = writeTextProto([
    ["code", { enumName: "INTERNAL" }],
    ["message", 'a "b" \\ \u00e9\n'],
    ["nothing", ""],
    ["bytes", new Uint8Array([0, 7, 255])],
  ]);
  assertEquals(
    text(written),
    'code: INTERNAL\nmessage: "a \\"b\\" \\\\ \\303\\251\\n"\nbytes: "\\000\\007\\377"\n',
  );
});

Deno.test("any bytes come back", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.string({ unit: "grapheme" }), (bytes, message) => {
    const fields = readTextProto("f", writeTextProto([["a", bytes], ["b", message]]));
    assertEquals(fields.get("a") ?? new Uint8Array(), bytes);
    assertEquals(text(fields.get("b") ?? new Uint8Array()), message);
  }));
});

Deno.test("what is no such text is refused with its place", () => {
  for (const damaged of ["a", 'a: "b', "a: {}", 'a: "b" c: 1.5', "\u0000"]) {
    assertThrows(
      () => readTextProto("/data/f", new TextEncoder().encode(damaged)),
      DataLossError,
      "Cannot parse /data/f: it is damaged at offset",
    );
  }
});
