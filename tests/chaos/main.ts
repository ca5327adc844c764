/** `deno task chaos`: kills the processes of a running service for a while, and says whether readers lost anything. */

import { parseArgs } from "@std/cli";
import { runMain } from "../support/run_main.ts";
import { runChaos } from "./chaos.ts";

const HELP =
  `Starts a dispatcher, workers and readers of one job, kills dispatcher and workers (SIGKILL) at random, starts them
again, and counts what the readers got.

Usage: deno task chaos [--seconds N] [--workers N] [--readers N] [--seed N]

  --seconds N  How long processes are killed (60)
  --workers N  (2)
  --readers N  (3)
  --seed N     Of the order in which processes die (0)`;

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const flags = parseArgs(args, {
    boolean: ["help"],
    string: ["seconds", "workers", "readers", "seed"],
    alias: { h: "help" },
    unknown: (arg) => {
      throw new RangeError(`"${arg}" is not known: --help lists the flags`);
    },
  });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const whole = (name: "seconds" | "workers" | "readers" | "seed", fallback: number, least: number) => {
    const value = Number(flags[name] ?? fallback);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new RangeError(`--${name} must be a whole number from ${least} on, got "${flags[name]}"`);
  };
  const { killed, got, expected, lost, twice } = await runChaos({
    seconds: whole("seconds", 60, 1),
    workers: whole("workers", 2, 1),
    readers: whole("readers", 3, 1),
    seed: whole("seed", 0, 0),
    tell: (line) => console.log(line),
    signal,
  });
  console.log(
    `${killed.dispatcher} dispatchers and ${killed.worker} workers killed; readers got ${
      got.join(", ")
    } of ${expected}: ` +
      `${lost.length} lost, ${twice.length} more than once`,
  );
  return lost.length + twice.length > 0 ? 1 : 0;
}

await runMain("chaos", main);
