import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DataLossError, InvalidArgumentError, SluiceError } from "../../../src/base/mod.ts";
import { frame, MessageReader } from "../../../src/tensorflow/grpc/frame.ts";
import { errorOfStatus, errorTrailers } from "../../../src/tensorflow/grpc/status.ts";
import { formatTimeout, parseTimeout } from "../../../src/tensorflow/grpc/timeout.ts";

Deno.test("a message is the same however its frame is cut", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 50 }),
    fc.array(fc.nat(60), { maxLength: 5 }),
    (message, cuts) => {
      const framed = frame(message);
      const reader = new MessageReader(50);
      const ends = [...cuts.filter((cut) => cut < framed.length).sort((a, b) => a - b), framed.length];
      ends.forEach((end, i) => reader.push(framed.subarray(ends[i - 1] ?? 0, end)));
      assertEquals(new Uint8Array(reader.message()), message);
    },
  ));
});

Deno.test("a frame that ends early is named as such", () => {
  for (const bytes of [[], [0, 0, 0], [0, 0, 0, 0, 3, 1, 2]]) {
    const reader = new MessageReader(10);
    reader.push(new Uint8Array(bytes));
    assertThrows(() => reader.message(), DataLossError, "ended after");
  }
});

Deno.test("every text and code of an error survives its way", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 100 }), (text) => {
    const trailers = errorTrailers(new SluiceError(text, { code: "aborted" }));
    assertEquals(/^[ -~]*$/.test(trailers["grpc-message"]), true);
    const error = errorOfStatus(trailers["grpc-status"], trailers["grpc-message"], "a:1")!;
    assertEquals([error.code, error.message], ["aborted", text.toWellFormed()]);
  }));
});

Deno.test("odd statuses are errors and no crash", () => {
  assertEquals(errorOfStatus("0", undefined, "a:1"), undefined);
  assertEquals(errorOfStatus("99", "what", "a:1")!.code, "unknown");
  assertEquals(errorOfStatus("-1", "%zz", "a:1")!.message, "%zz");
  assertEquals(errorOfStatus("5", undefined, "a:1")!.message, "a:1 failed with status 5 and no message");
});

Deno.test("timeouts are read in every unit and written in milliseconds or seconds", () => {
  const cases: [string, number][] = [["1H", 3_600_000], ["2M", 120_000], ["3S", 3_000], ["4m", 4], [
    "5000u",
    5,
  ]];
  for (const [text, ms] of cases) assertEquals(parseTimeout(text), ms);
  assertThrows(() => parseTimeout("1"), InvalidArgumentError, "grpc-timeout");
  assertEquals([0, 0.5, 20, 99_999_999].map(formatTimeout), ["1m", "1m", "20m", "99999999m"]);
  assertEquals([1e8, 1e15].map(formatTimeout), ["100000S", "99999999S"]);
});
