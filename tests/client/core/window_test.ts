import { assertEquals } from "@std/assert";
import { Window } from "../../../src/client/core/window.ts";

const MIB = 1024 * 1024;

function windowOf(blockBytes: number, maxBlocks: number | null = null): Window {
  const window = new Window({ maxBlocks, maxBytes: 32 * MIB });
  for (let i = 0; i < 50; i++) window.observe(blockBytes);
  return window;
}

Deno.test("a task has few blocks on their way before anybody knows their size", () => {
  assertEquals(new Window({ maxBlocks: null, maxBytes: 32 * MIB }).blocksOf(1), 4);
});

Deno.test("a task has up to 16 blocks on their way, and up to 8 MiB", () => {
  assertEquals(windowOf(64 * 1024).blocksOf(1), 16);
  assertEquals(windowOf(512 * 1024).blocksOf(1), 16);
  assertEquals(windowOf(1 * MIB).blocksOf(1), 8);
  assertEquals(windowOf(3 * MIB).blocksOf(1), 3);
});

Deno.test("of blocks of any size two are on their way while all tasks together have room", () => {
  assertEquals(windowOf(19 * MIB).blocksOf(1), 2);
  assertEquals(windowOf(19 * MIB).blocksOf(2), 1);
  assertEquals(windowOf(100 * MIB).blocksOf(1), 1);
});

Deno.test("many tasks share 32 MiB", () => {
  assertEquals(windowOf(1 * MIB).blocksOf(4), 8);
  assertEquals(windowOf(1 * MIB).blocksOf(16), 2);
  assertEquals(windowOf(1 * MIB).blocksOf(100), 1);
});

Deno.test("a number that the user gives is shared by the tasks, and only bytes in all bound it", () => {
  assertEquals(windowOf(1 * MIB, 32).blocksOf(1), 32);
  assertEquals(windowOf(1 * MIB, 32).blocksOf(4), 8);
  assertEquals(windowOf(4 * MIB, 32).blocksOf(1), 8);
});
