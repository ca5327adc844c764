/** A dispatcher that has many datasets and jobs, against one that has few: what a call costs must not grow with them. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, program, readyLine } from "../harness/conversation.ts";
import { cpuSeconds } from "../harness/cpu_time.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";

const MANY = 10_000;

/** Enough for its engine to have compiled what the other one has. */
const FEW = 2_000;

/** Made by each measurement. */
const MORE = 500;

/** A dispatcher with so many jobs; gives how much of a core its calls take while it gets some more. */
async function start(processes: Processes, jobs: number): Promise<() => Promise<number>> {
  const dispatcher = processes.start("dispatcher", {
    args: program("../../scripts/dispatcher.ts", "--json", "--port", "0"),
  });
  const { target } = await readyLine(dispatcher);
  const registry = await converse(processes, "registry", { args: program("programs/registry.ts", target) });
  const make = (jobs: number) => registry.ask<{ calls: number }>("make", { jobs });
  await make(jobs);
  return async () => {
    const before = cpuSeconds(dispatcher.pid);
    const { calls } = await make(MORE);
    const after = cpuSeconds(dispatcher.pid);
    if (before === null || after === null) throw new Error("The system does not tell how busy processes are");
    return (after - before) / calls * 1e6;
  };
}

async function run({ rounds, signal, progress }: Bench): Promise<Result[]> {
  await using processes = new Processes(signal);
  progress(`making ${MANY} jobs`);
  const sides = { ours: await start(processes, MANY), theirs: await start(processes, FEW) };
  const measured = await inTurn(rounds, sides, (round) => progress(`round ${round} of ${rounds}`));
  return [
    compare({
      row: "registry",
      workload: `a call with ${MANY.toLocaleString("en-US")} datasets and jobs`,
      unit: "µs of a core",
      ...measured,
      against: `with ${FEW.toLocaleString("en-US")}`,
      goal: { atMost: 1.2 },
    }),
  ];
}

/** The row of the dispatcher's memory. */
export const registryRow: Row = {
  name: "registry",
  what: "what a call costs a dispatcher with 10,000 datasets and jobs, against one with 2,000",
  run,
};
