/** A dispatcher that does nothing but hear from its workers and readers, on one core. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, program, readyLine } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";

const WORKERS = 1_000;
const READERS = 1_000;

/** What they send by default: a worker every 30 seconds, a reader every second. */
const PROMISED = WORKERS / 30 + READERS / 1;

async function run({ rounds, seconds, signal, progress }: Bench): Promise<Result[]> {
  await using processes = new Processes(signal);
  progress("starting");
  const dispatcher = processes.start("dispatcher", {
    args: program("../../scripts/dispatcher.ts", "--json", "--port", "0"),
    core: 0,
  });
  const { target } = await readyLine(dispatcher);
  const peers = await converse(processes, "peers", {
    args: program("programs/heartbeats.ts", target, String(WORKERS), String(READERS)),
    core: 1,
  });
  const beat = async (seconds: number) => {
    const report = await peers.ask<{ answered: number; seconds: number }>("beat", { seconds });
    return report.answered / report.seconds;
  };
  progress("warming up");
  await beat(seconds);
  const measured = await inTurn(
    rounds,
    { ours: () => beat(seconds) },
    (round) => progress(`round ${round} of ${rounds}`),
  );
  return [
    compare({
      row: "heartbeats",
      workload: "heartbeats, 1,000 workers and 1,000 readers",
      unit: "calls/s",
      ...measured,
      theirs: [PROMISED],
      against: "what they send by default",
      goal: { atLeast: 5 },
    }),
  ];
}

/** The dispatcher's row. */
export const heartbeatsRow: Row = {
  name: "heartbeats",
  what: "how much faster than promised 1,000 workers and 1,000 readers may send heartbeats",
  run,
};
