import { assert, assertEquals } from "@std/assert";
import { taskFlags } from "../../src/server/task_permissions.ts";

const needs = { hostname: "127.0.0.1", socketPath: null, read: [], heapLimitMb: 2_048 };

Deno.test("a task without permissions may listen on its own ports and socket, and read what it is made of", () => {
  const flags = taskFlags({}, { ...needs, hostname: "::1", socketPath: "/s/1.sock", read: ["/lane"] });
  assertEquals(flags.filter((flag) => flag.startsWith("--allow")), [
    "--allow-read=/s/1.sock,/lane",
    "--allow-write=/s/1.sock",
    "--allow-net=[::1]:0,unix:/s/1.sock,127.0.0.1:0",
  ]);
  assert(flags.includes("--no-prompt") && flags.includes("--cached-only"));
});

Deno.test("a heap is not marked below 256 MB, or half of its limit where that is less", () => {
  const heap = (heapLimitMb: number) =>
    taskFlags({}, { ...needs, heapLimitMb }).find((flag) => flag.startsWith("--v8-flags="));
  assertEquals(heap(2_048), "--v8-flags=--max-old-space-size=2048,--initial-old-space-size=256");
  assertEquals(heap(101), "--v8-flags=--max-old-space-size=101,--initial-old-space-size=50");
});
