/** `deno task bench`: measures every row of the table of speeds, each against its peer in the same run. */

import { findInstalled } from "./harness/installed.ts";
import { describeMachine, findWorkerFlags } from "./harness/machine.ts";
import { parseOptions } from "./harness/options.ts";
import { Progress } from "../support/progress.ts";
import { writeReport } from "./harness/report.ts";
import { runMain } from "../support/run_main.ts";
import { runRows } from "./harness/run_rows.ts";
import { showTable } from "./harness/table.ts";
import { ROWS } from "./rows/mod.ts";

const HELP = `Measures Sluice against its peers, in turn in one run, and prints one table of ratios.

Usage: deno task bench [--only NAME[,NAME]] [--quick] [--json] [--write]

  --only NAMES  Measure these rows only
  --quick       One short round of each: whether it works, not how fast it is
  --json        Print everything that was measured as JSON
  --write       Put the table into docs/performance.md

Peers are installed by: deno task bench:setup

Rows:
${ROWS.map(({ name, what }) => `  ${name.padEnd(16)}  ${what}`).join("\n")}`;

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(args, ROWS.map(({ name }) => name));
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const { quick, only } = options;
  const bench = {
    ...quick ? { rounds: 1, seconds: 0.5, latencies: 5 } : { rounds: 3, seconds: 3, latencies: 20 },
    ...await findInstalled(),
    workerFlags: await findWorkerFlags(),
    signal,
  };
  const rows = ROWS.filter(({ name }) => only === null || only.includes(name));
  const { results, failures } = await runRows(rows, bench, new Progress());
  const report = {
    date: new Date().toISOString(),
    machine: await describeMachine(),
    quick,
    results,
    failures,
  };
  console.log(options.json ? JSON.stringify(report, null, 2) : showTable(results));
  for (const { row, error } of failures) console.error(`${row} could not be measured: ${error}`);
  signal.throwIfAborted();
  if (options.write) await writeReport(report);
  return failures.length > 0 ? 1 : 0;
}

await runMain("bench", main);
