/** `deno task simulate`: runs the service against seeds, on as many cores as there are, and tells which fail. */

import { parseArgs } from "@std/cli";
import { Progress } from "../support/progress.ts";
import { runMain } from "../support/run_main.ts";
import { type Outcome, simulate } from "./scenario.ts";
import { simulateInThreads } from "./threads.ts";

const HELP =
  `Runs dispatchers, workers and readers in one process, on a network, a clock and disks that a seed drives:
lost, late and repeated messages, parted networks, crashes of anybody in the middle of anything, torn journals. Whatever
happens, every source element is delivered once, nobody hangs, a dispatcher that starts again knows what it knew, nothing
is leased to two workers, and no reader is sent more than it has room for.

Usage: deno task simulate [--seed N] [--runs M] [--jobs J] [--verbose]

  --seed N   The first seed (0)
  --runs M   How many seeds; with 1, what happened is told too (1)
  --jobs J   How many threads (the number of cores)
  --verbose  Tell what happened in each run that fails`;

interface Options {
  readonly help: boolean;
  readonly seed: number;
  readonly runs: number;
  readonly jobs: number;
  readonly verbose: boolean;
}

function parseOptions(args: string[]): Options {
  const flags = parseArgs(args, {
    boolean: ["help", "verbose"],
    string: ["seed", "runs", "jobs"],
    alias: { h: "help" },
    unknown: (arg) => {
      throw new RangeError(`"${arg}" is not known: --help lists the flags`);
    },
  });
  const whole = (name: "seed" | "runs" | "jobs", fallback: number, least: number) => {
    const value = Number(flags[name] ?? fallback);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new RangeError(`--${name} must be a whole number from ${least} on, got "${flags[name]}"`);
  };
  return {
    help: flags.help === true,
    verbose: flags.verbose === true,
    seed: whole("seed", 0, 0),
    runs: whole("runs", 1, 1),
    jobs: whole("jobs", navigator.hardwareConcurrency, 1),
  };
}

function show({ seed, pipeline, faults, history }: Outcome, withHistory: boolean): string {
  const lines = [`seed ${seed} (${pipeline}): ${faults.length === 0 ? "all is right" : faults.join("; ")}`];
  if (withHistory) lines.push(...history.map((line) => `  ${line}`));
  return lines.join("\n");
}

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const { seed, runs, jobs, verbose } = options;
  if (runs === 1) {
    const outcome = await simulate(seed);
    console.log(show(outcome, true));
    return outcome.faults.length > 0 ? 1 : 0;
  }
  const progress = new Progress();
  let done = 0;
  let failed = 0;
  for await (const outcome of simulateInThreads({ seed, runs, jobs: Math.min(jobs, runs), signal })) {
    done++;
    if (outcome.faults.length > 0) {
      failed++;
      console.log(show(outcome, verbose));
    }
    if (done % 50 === 0) progress.show(`${done} of ${runs} seeds, ${failed} failed`);
  }
  progress.clear();
  signal.throwIfAborted();
  console.log(`${done - failed} of ${runs} seeds are right, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) await runMain("simulate", main);
