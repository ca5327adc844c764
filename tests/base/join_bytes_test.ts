import { assertEquals } from "@std/assert";
import { joinBytes } from "../../src/base/mod.ts";

Deno.test("pieces are joined in order, in memory of their own", () => {
  const piece = Uint8Array.of(1, 2, 3);
  const joined = joinBytes([piece.subarray(1), new Uint8Array(), piece]);
  piece.fill(9);
  assertEquals([...joined], [2, 3, 1, 2, 3]);
  assertEquals(joinBytes([]).length, 0);
});

Deno.test("one piece is copied, too", () => {
  const piece = Uint8Array.of(1);
  const joined = joinBytes([piece], 1);
  piece[0] = 2;
  assertEquals([...joined], [1]);
});
