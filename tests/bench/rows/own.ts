/** Sluice against itself: the same elements through two services, or in two ways through one. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, program } from "../harness/conversation.ts";
import { inTurn, median } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { startSluice } from "../harness/services.ts";
import { showNumber } from "../harness/table.ts";
import { type Pass, throughput } from "../harness/throughput.ts";

/** A pass through a service whose worker has these flags. */
interface Way extends Pass {
  flags?: string[];
}

interface OwnRow {
  name: string;
  what: string;
  ours: Way;
  theirs: Way;
  against: string;
  atLeast: number;
  /** Whether to remark what two threads are worth here that do nothing else. */
  plainWorkers?: boolean;
}

async function run(row: OwnRow, bench: Bench): Promise<Result[]> {
  const { rounds, seconds, signal, workerFlags } = bench;
  const figures = {
    row: row.name,
    workload: row.what,
    unit: "elements/s" as const,
    against: row.against,
    goal: { atLeast: row.atLeast },
  };
  const flags = [...row.ours.flags ?? [], ...row.theirs.flags ?? []].filter((flag) => flag.startsWith("--"));
  const missing = flags.find((flag) => !workerFlags.has(flag));
  if (missing !== undefined) {
    return [
      compare({ ...figures, ours: [], theirs: [], note: `not available: the worker has no ${missing}` }),
    ];
  }
  await using processes = new Processes(signal);
  bench.progress("warming up");
  const start = async ({ flags, ...pass }: Way) => {
    const { reader } = await startSluice(processes, { workerFlags: flags });
    return await throughput(reader, pass, seconds);
  };
  const sides = { ours: await start(row.ours), theirs: await start(row.theirs) };
  const onRound = (round: number) => bench.progress(`round ${round} of ${rounds}`);
  if (!row.plainWorkers) return [compare({ ...figures, ...await inTurn(rounds, sides, onRound) })];
  const plain = await converse(processes, "plain workers", { args: program("programs/plain_workers.ts") });
  const burn = (threads: number) => async () =>
    (await plain.ask<{ rate: number }>("burn", { threads, seconds })).rate;
  await burn(2)();
  const { one, two, ...measured } = await inTurn(rounds, { ...sides, one: burn(1), two: burn(2) }, onRound);
  const note = `two plain threads: ${showNumber(median(two) / median(one))}`;
  return [compare({ ...figures, ...measured, note })];
}

const off = { mode: "parallel_epochs" } as const;
const dynamic = { mode: "distributed_epoch" } as const;
const process = { ...off, flags: ["--isolation", "process"] };
const none = { ...off, flags: ["--isolation", "none"] };

const rows: OwnRow[] = [
  {
    name: "lanes_dynamic",
    what: "2 lanes, CPU-bound map, DYNAMIC",
    ours: { workload: "cpu", ...dynamic, flags: ["--lanes", "2"] },
    theirs: { workload: "cpu", ...dynamic, flags: ["--lanes", "1"] },
    against: "1 lane",
    atLeast: 1.7,
    plainWorkers: true,
  },
  {
    name: "lanes_off",
    what: "2 lanes, CPU-bound parallel map, OFF",
    ours: { workload: "cpu_parallel", ...off, flags: ["--lanes", "2"] },
    theirs: { workload: "cpu_parallel", ...off, flags: ["--lanes", "1"] },
    against: "1 lane",
    atLeast: 1.7,
    plainWorkers: true,
  },
  {
    name: "isolation_scalars",
    what: "isolation process, scalars",
    ours: { workload: "scalars", ...process },
    theirs: { workload: "scalars", ...none },
    against: "isolation none",
    atLeast: 0.8,
  },
  {
    name: "isolation_tensors",
    what: "isolation process, 600 KB tensors",
    ours: { workload: "tensors", ...process },
    theirs: { workload: "tensors", ...none },
    against: "isolation none",
    atLeast: 0.8,
  },
  {
    name: "dynamic",
    what: "scalars, DYNAMIC",
    ours: { workload: "scalars", ...dynamic },
    theirs: { workload: "scalars", ...off },
    against: "OFF",
    atLeast: 0.9,
  },
];

/** The rows that compare Sluice with itself. */
export const ownRows: Row[] = rows.map((row) => ({
  name: row.name,
  what: `${row.what}, against ${row.against}`,
  run: (bench) => run(row, bench),
}));
