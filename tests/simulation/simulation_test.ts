/**
 * The whole service against seeds. `deno task simulate --seed N` tells what happens in one; `--runs` runs more of them.
 */

import { assertEquals } from "@std/assert";
import { simulate } from "./scenario.ts";

/** Seeds that found something once. */
const REGRESSIONS: readonly number[] = [
  // A worker that had lost its task asked for splits of an iteration that others had finished.
  1345,
  1346,
  // The second index of another pass within a block was noted as one of the pass before.
  1085,
  1215,
  // The only worker was stopped before it had leased anything: its readers took the end of its streams for the end.
  2862,
  // A killed reader held up the pass, and another one had a task that went: lost and left, with nothing leased yet, or
  // finished while its stream was cut. It waited for ever.
  366,
  20189,
  179,
  // One that was killed before its first heartbeat held up what a lost worker had.
  1996,
  // A copy of a reader's first request came late and ended the session that it had begun.
  5,
  562,
  // A copy of a request for splits came late, when its task had been told that there are no more, and leased some.
  26110,
  // A reader was cut off, and its workers kept for it what they had sent.
  128,
  144,
];

const RUNS = 25;

Deno.test("a seed repeats what happened", async () => {
  const first = await simulate(7);
  assertEquals(await simulate(7), first);
});

Deno.test("whatever befalls the service, every source element comes once and nobody hangs", async () => {
  const seeds = [...REGRESSIONS, ...Array.from({ length: RUNS }, (_, seed) => seed)];
  const faults: string[] = [];
  for (const seed of seeds) {
    const outcome = await simulate(seed);
    if (outcome.faults.length > 0) {
      faults.push(`seed ${seed} (${outcome.pipeline}): ${outcome.faults.join("; ")}`);
    }
  }
  assertEquals(faults, []);
});
