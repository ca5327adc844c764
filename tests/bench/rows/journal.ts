/** The journal in files. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, program } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";

const APPENDERS = 256;
const REPLAYED = 100_000;

/** What a dispatcher with a journal of so many updates may take to be back, in milliseconds. */
const PROMISED_MS = 1_000;

async function run({ rounds, seconds, signal, progress }: Bench): Promise<Result[]> {
  await using processes = new Processes(signal);
  progress("warming up");
  const journal = await converse(processes, "journal", { args: program("programs/journal.ts") });
  const appends = async (synced: boolean) => {
    const question = { synced, appenders: APPENDERS, seconds };
    const report = await journal.ask<{ appended: number; seconds: number }>("append", question);
    return report.appended / report.seconds;
  };
  const replay = async () =>
    (await journal.ask<{ seconds: number }>("replay", { updates: REPLAYED })).seconds * 1000;
  await appends(true);
  await replay();
  const measured = await inTurn(
    rounds,
    { ours: () => appends(true), theirs: () => appends(false), replays: replay },
    (round) => progress(`round ${round} of ${rounds}`),
  );
  return [
    compare({
      row: "journal",
      workload: `journal, ${APPENDERS} concurrent appenders`,
      unit: "updates/s",
      ours: measured.ours,
      theirs: measured.theirs,
      against: "append without sync",
      goal: { atLeast: 0.5 },
    }),
    compare({
      row: "journal",
      workload: `journal, replay of ${REPLAYED.toLocaleString("en-US")} updates`,
      unit: "ms",
      ours: measured.replays,
      theirs: [PROMISED_MS],
      against: "what is promised",
      goal: { atMost: 1 },
    }),
  ];
}

/** The journal's row. */
export const journalRow: Row = {
  name: "journal",
  what: "the journal: concurrent appenders with sync, against none; and its replay",
  run,
};
