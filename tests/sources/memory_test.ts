import { joinBytes } from "../../src/base/mod.ts";
import { assertEquals } from "@std/assert";
import { memoryFileSystem } from "../../src/sources/mod.ts";
import { testByteSource } from "./byte_source_contract.ts";
import { utf8 } from "./helpers.ts";

testByteSource("memory", (contents) => {
  const files = memoryFileSystem(contents);
  return Promise.resolve({
    files,
    nameOf: (file: string) => file,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

Deno.test("memory files may be strings, and their names may hold glob characters", async () => {
  const files = memoryFileSystem({ "a[1].txt": "ä", "a1.txt": "b", "toString": "c" });
  assertEquals(await files.list("a[1].txt"), ["a[1].txt"]);
  assertEquals(await files.list("a*.txt"), ["a1.txt", "a[1].txt"]);
  assertEquals(joinBytes(await Array.fromAsync(await files.source("a[1].txt").open())), utf8("ä"));
});

Deno.test("memory files are listed by code unit, not by locale", async () => {
  const files = memoryFileSystem({ "b": "", "a": "", "B": "", "ä": "", "10": "", "9": "" });
  assertEquals(await files.list("*"), ["10", "9", "B", "a", "b", "ä"]);
});
