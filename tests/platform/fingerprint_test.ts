import { assertEquals } from "@std/assert";
import { fingerprint } from "../../src/graph/mod.ts";
import { graphFingerprint } from "../../src/platform/fingerprint.ts";

const MOST_BYTES_AT_ONCE = 512 * 1024;

Deno.test("a small graph's fingerprint is there at once, a large one's later", async () => {
  for (const [length, isThere] of [[0, true], [1_000, true], [MOST_BYTES_AT_ONCE + 1, false]] as const) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 31);
    const made = graphFingerprint(bytes);
    assertEquals(typeof made === "string", isThere);
    assertEquals(await made, await fingerprint(bytes));
  }
});

Deno.test("the fingerprint is that of a graph's own bytes, not of the memory around them", async () => {
  const around = new Uint8Array(100).map((_, i) => i);
  assertEquals(graphFingerprint(around.subarray(10, 20)), await fingerprint(around.slice(10, 20)));
});
