import { assertEquals } from "@std/assert";
import { splitLines } from "../../src/platform/split_lines.ts";

async function linesOf(chunks: (string | Uint8Array)[], maxLength = 100): Promise<string[]> {
  const encoder = new TextEncoder();
  const bytes = chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  return await Array.fromAsync(splitLines(ReadableStream.from(bytes), maxLength));
}

Deno.test("lines are cut at their ends, wherever chunks begin", async () => {
  assertEquals(await linesOf(["a\nb", "c\n", "\nlast"]), ["a", "bc", "", "last"]);
  assertEquals(await linesOf(["a\n"]), ["a"]);
  assertEquals(await linesOf([]), []);
});

Deno.test("a character may lie in two chunks", async () => {
  const [first, second, third] = new TextEncoder().encode("€");
  assertEquals(await linesOf([Uint8Array.of(first, second), Uint8Array.of(third), "\n"]), ["€"]);
});

Deno.test("a line without end comes in pieces", async () => {
  assertEquals(await linesOf(["x".repeat(8), "x".repeat(8), "y\nz"], 10), ["x".repeat(16), "y", "z"]);
});
