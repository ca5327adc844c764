import { assert, assertEquals } from "@std/assert";
import { runChaos } from "./chaos.ts";

Deno.test("processes of a running service are killed at random, and its readers get every element once", async () => {
  const told: string[] = [];
  const { signal } = new AbortController();
  const report = await runChaos({
    seconds: 6,
    workers: 2,
    readers: 3,
    seed: 1,
    tell: (line) => told.push(line),
    signal,
  });
  // Counts, as the numbers themselves would fill the screen.
  assertEquals([report.lost.length, report.twice.length], [0, 0], told.join("\n"));
  assertEquals(report.got.reduce((sum, got) => sum + got), report.expected);
  assert(report.killed.dispatcher + report.killed.worker > 0);
});
