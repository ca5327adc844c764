import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError, ResourceExhaustedError } from "../../../../src/base/mod.ts";
import { HeaderReader, writeHeaders } from "../../../../src/tensorflow/grpc/http2/hpack.ts";
import { decodeHuffman } from "../../../../src/tensorflow/grpc/http2/huffman.ts";

const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));

Deno.test("the examples of the standard are read, with what one block leaves for the next", () => {
  // RFC 7541, C.4: three requests on one connection, with Huffman codes.
  const reader = new HeaderReader();
  const read = (block: string) => [...reader.read(hex(block))];
  const common = [[":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "www.example.com"]];
  assertEquals(read("828684418cf1e3c2e5f23a6ba0ab90f4ff"), common as never);
  assertEquals(read("828684be5886a8eb10649cbf"), [...common, ["cache-control", "no-cache"]] as never);
  assertEquals(read("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"), [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ]);
});

Deno.test("what is written is read", () => {
  const text = fc.string({
    unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
    maxLength: 400,
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 8 }),
      (headers) => {
        assertEquals([...new HeaderReader().read(writeHeaders(headers))], headers);
      },
    ),
  );
});

Deno.test("damaged blocks are refused", () => {
  const refused = (block: string, text: string) =>
    assertThrows(() => new HeaderReader().read(hex(block)), DataLossError, text);
  refused("80", "no header with number 0");
  refused("fe", "no header with number 126");
  refused("00", "ends within a number");
  refused("000561", "ends within a text");
  refused("ffffffffffffff7f", "too large");
  refused("3fe2ff03", "over the limit");
  assertThrows(() => decodeHuffman(hex("ffffffff")), DataLossError);
  assertThrows(() => decodeHuffman(hex("00")), DataLossError, "padded");
});

Deno.test("a small block cannot unfold to megabytes", () => {
  const large = writeHeaders([["a", "x".repeat(3_000)]]);
  large[0] = 0x40; // To be remembered, under the first free number.
  const block = new Uint8Array(large.length + 1_000).fill(0xbe);
  block.set(large);
  assertThrows(() => new HeaderReader().read(block), ResourceExhaustedError, "more headers");
});

Deno.test("any bytes are headers or refused", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
    const reader = new HeaderReader();
    try {
      for (const block of blocks) reader.read(block);
    } catch (error) {
      if (!(error instanceof DataLossError)) throw error;
    }
  }));
});
