/** The executor alone: eight operators on a range, against the least that could do the same. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, program } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { nextCount } from "../harness/throughput.ts";

type Way = "ours" | "pulled" | "looped";

interface Report {
  checksum: number;
  seconds: number;
}

/** Passes of one way in a process of its own; their sums are compared over a count that all ways make. */
async function startWay(processes: Processes, way: Way, seconds: number) {
  const partner = await converse(processes, way, { args: program("programs/executor.ts") });
  let count = 50_000;
  const { checksum } = await partner.ask<Report>(way, { count });
  for (let warmUps = 0; warmUps < 3; warmUps++) {
    count = nextCount(count, (await partner.ask<Report>(way, { count })).seconds, seconds);
  }
  const measure = async () => count / (await partner.ask<Report>(way, { count })).seconds;
  return { checksum, measure };
}

async function run(bench: Bench): Promise<Result[]> {
  const { rounds, seconds, signal } = bench;
  await using processes = new Processes(signal);
  bench.progress("warming up");
  const ours = await startWay(processes, "ours", seconds);
  const pulled = await startWay(processes, "pulled", seconds);
  const looped = await startWay(processes, "looped", seconds);
  if (ours.checksum !== looped.checksum || pulled.checksum !== looped.checksum) {
    throw new Error(`Wrong sums: ${ours.checksum} and ${pulled.checksum}, not ${looped.checksum}`);
  }
  const measured = await inTurn(
    rounds,
    { ours: ours.measure, pulled: pulled.measure, looped: looped.measure },
    (round) => bench.progress(`round ${round} of ${rounds}`),
  );
  const figures = {
    row: "executor",
    workload: "executor, 8 operators on a range",
    unit: "elements/s" as const,
  };
  const sides = { ...figures, ours: measured.ours };
  return [
    compare({ ...sides, theirs: measured.pulled, against: "sync pull pipeline", goal: { atLeast: 0.5 } }),
    compare({ ...sides, theirs: measured.looped, against: "hand-written loop", goal: null }),
  ];
}

/** The executor's row. */
export const executorRow: Row = {
  name: "executor",
  what: "8 operators on a range, against a sync pull pipeline and a hand-written loop",
  run,
};
