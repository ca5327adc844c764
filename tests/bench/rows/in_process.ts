/** The same pipeline in one process, against tfjs-data and Node's streams. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, type Partner, program } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { nextCount } from "../harness/throughput.ts";

const GOAL = { atLeast: 10 };

const peerProgram = new URL("../peers/in_process.mjs", import.meta.url).pathname;

/** What map(2x) of 0 to count-1 comes to, in all or where it can be divided by 3. */
const EXPECTED: Record<"filter" | "batch", (count: number) => number> = {
  filter: (count) => {
    const last = Math.ceil(count / 3);
    return 3 * last * (last - 1);
  },
  // tfjs-data's numbers are 32-bit floats: exact as long as each is below 2 ** 24.
  batch: (count) => count * (count - 1),
};

/** Elements of a pass; few enough for tfjs-data's 32-bit floats. */
const MAX_COUNT = 8_000_000;

async function measurement(
  partner: Partner,
  kind: string,
  expected: (count: number) => number,
  seconds: number,
): Promise<() => Promise<number>> {
  const pass = async (count: number) => {
    const report = await partner.ask<{ checksum: number; seconds: number }>(kind, { count });
    if (report.checksum !== expected(count)) {
      throw new Error(`Wrong sum of ${kind}: ${report.checksum}, not ${expected(count)}`);
    }
    return report.seconds;
  };
  let count = 20_000;
  for (let warmUps = 0; warmUps < 3; warmUps++) {
    count = Math.min(MAX_COUNT, nextCount(count, await pass(count), seconds));
  }
  return async () => count / await pass(count);
}

async function run(bench: Bench): Promise<Result[]> {
  const { rounds, seconds, signal, packages, javascript } = bench;
  await using processes = new Processes(signal);
  const ours = await converse(processes, "pipeline", { args: program("programs/in_process.ts") });
  const peer = await converse(processes, "peer", {
    command: javascript.command,
    args: [...javascript.args, peerProgram, packages ?? ""],
  });
  const results: Result[] = [];
  const against = async (workload: string, pipeline: "filter" | "batch", peerKind: string, name: string) => {
    const figures = { row: "in_process", workload: `in-process ${workload}`, unit: "elements/s" as const };
    if (packages === null && peerKind.startsWith("tfjs")) {
      const missing = { ours: [], theirs: [], against: name, goal: GOAL, note: "peer not installed" };
      results.push(compare({ ...figures, ...missing }));
      return;
    }
    bench.progress(`${pipeline}, warming up`);
    const expected = EXPECTED[pipeline];
    const sides = {
      ours: await measurement(ours, pipeline, expected, seconds),
      theirs: await measurement(peer, peerKind, expected, seconds),
    };
    const measured = await inTurn(
      rounds,
      sides,
      (round) => bench.progress(`${pipeline}, round ${round} of ${rounds}`),
    );
    results.push(compare({ ...figures, ...measured, against: `${name} on ${javascript.name}`, goal: GOAL }));
  };
  await against("range.map.filter", "filter", "tfjs_filter", "tfjs-data");
  await against("range.map.filter", "filter", "readable_filter", "Readable.map");
  await against("range.map.batch(256)", "batch", "tfjs_batch", "tfjs-data");
  return results;
}

/** The in-process row. */
export const inProcessRow: Row = {
  name: "in_process",
  what: "a pipeline in one process, against tfjs-data and Readable.map",
  run,
};
