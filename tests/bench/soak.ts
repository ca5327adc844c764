/** `deno task bench:soak`: runs a service for minutes and says of each process whether its memory stayed flat. */

import { parseArgs } from "@std/cli";
import { MemoryWatch } from "./harness/memory_watch.ts";
import { Processes } from "./harness/processes.ts";
import { Progress } from "../support/progress.ts";
import { startSluice } from "./harness/services.ts";
import { runMain } from "../support/run_main.ts";
import { pidsOf, SOAKS } from "./harness/soaks.ts";
import { showColumns, showNumber } from "./harness/table.ts";

const HELP = `Runs a service for minutes and says of each process whether its memory stayed flat.

Usage: deno task bench:soak [--minutes N] [--only NAME[,NAME]] [--json]

  --minutes N   How long each run takes (10)
  --only NAMES  ${Object.keys(SOAKS).join(", ")}
  --json        Print the courses as JSON`;

function parseOptions(args: string[]): { help: boolean; json: boolean; minutes: number; names: string[] } {
  const flags = parseArgs(args, {
    boolean: ["help", "json"],
    string: ["minutes", "only"],
    alias: { h: "help" },
    unknown: (arg) => {
      throw new RangeError(`"${arg}" is not known: --help lists the flags`);
    },
  });
  const minutes = Number(flags.minutes ?? 10);
  if (!(minutes > 0)) throw new RangeError(`--minutes must be a number above 0, got "${flags.minutes}"`);
  const names = (flags.only as string | undefined)?.split(",") ?? Object.keys(SOAKS);
  for (const name of names) {
    if (!(name in SOAKS)) {
      throw new RangeError(`"${name}" is no run: there are ${Object.keys(SOAKS).join(", ")}`);
    }
  }
  return { help: flags.help === true, json: flags.json === true, minutes, names };
}

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const { help, json, minutes, names } = parseOptions(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  const progress = new Progress();
  const runs = [];
  for (const name of names) {
    await using processes = new Processes(signal);
    const service = await startSluice(processes);
    using watch = new MemoryWatch(pidsOf(service), Math.min(1000, minutes * 1000));
    const show = (what: string) => progress.show(`${name}: ${what}`);
    const read = await SOAKS[name]({ service, seconds: minutes * 60, progress: show });
    progress.clear();
    runs.push({ name, minutes, read, courses: watch.courses });
  }
  const cells = runs.flatMap(({ name, read, courses }) =>
    courses.map(({ process, first, last, peak, flat }) => [
      `${name} (${read})`,
      process,
      ...[first, last, peak].map((megabytes) => `${showNumber(megabytes)} MB`),
      flat ? "yes" : "no",
    ])
  );
  const headers = ["run", "process", "after warm-up", "at the end", "peak", "flat"];
  console.log(json ? JSON.stringify(runs, null, 2) : showColumns([headers, ...cells]));
  return runs.every(({ courses }) => courses.every(({ flat }) => flat)) ? 0 : 1;
}

await runMain("soak", main);
