import { assertEquals } from "@std/assert";
import { cacheBlockBytes } from "../../../src/worker/runners/cross_trainer_cache.ts";

Deno.test("blocks are so small that a cache holds several of them", () => {
  assertEquals([1, 16, 500, 160_000, 10 * 1024 ** 3].map(cacheBlockBytes), [1, 1, 31, 10_000, 65_536]);
});
