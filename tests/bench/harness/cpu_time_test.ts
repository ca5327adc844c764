import { assert, assertEquals } from "@std/assert";
import { cpuSeconds, parseCpuSeconds } from "./cpu_time.ts";

Deno.test("the times in user and kernel mode are added up, whatever the process is called", () => {
  const stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 12 0 1000";
  assertEquals(parseCpuSeconds(stat), 3);
});

Deno.test("a process that is not there has no time", () => {
  const own = cpuSeconds(Deno.pid);
  assert(own === null || own > 0);
  assertEquals(cpuSeconds(2 ** 30), null);
});
