/** What a dispatcher is asked in TensorFlow's protocol, against TensorFlow's own dispatcher, by the same callers. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, program, readyLine } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { startTensorFlow } from "../programs/tf_programs.ts";

interface CallRow {
  name: string;
  what: string;
  kind: "splits" | "registrations" | "heartbeats";
  workers?: number;
}

/** A caller of the dispatcher at an address; gives a measurement of its calls per second. */
async function caller(processes: Processes, address: string, { kind, workers }: CallRow, seconds: number) {
  const calls = await converse(processes, "caller", { args: program("programs/tf_caller.ts", address) });
  const measure = async () => {
    const report = await calls.ask<{ calls: number; seconds: number }>(kind, { workers, seconds });
    return report.calls / report.seconds;
  };
  await measure(); // Warms both up.
  return measure;
}

async function run(row: CallRow, { rounds, seconds, signal, python, progress }: Bench): Promise<Result[]> {
  await using processes = new Processes(signal);
  progress("warming up");
  const dispatcher = processes.start("dispatcher", {
    args: program("../../scripts/dispatcher.ts", "--json", "--port", "0", "--tf-port", "0"),
  });
  const { tensorflow } = await readyLine(dispatcher);
  const ours = await caller(processes, new URL(tensorflow).host, row, seconds);
  const said = { row: row.name, workload: row.what, unit: "calls/s" as const, goal: { atLeast: 1 } };
  const onRound = (round: number) => progress(`round ${round} of ${rounds}`);
  if (python === null) {
    const measured = await inTurn(rounds, { ours }, onRound);
    return [compare({ ...said, ...measured, theirs: [], against: "TensorFlow", note: "peer not installed" })];
  }
  const stock = await startTensorFlow(processes, python, "dispatcher");
  const theirs = await caller(processes, stock.address, row, seconds);
  return [compare({ ...said, ...await inTurn(rounds, { ours, theirs }, onRound), against: "TensorFlow" })];
}

const rows: CallRow[] = [
  { name: "tf_splits_1", what: "TensorFlow: splits, 1 worker", kind: "splits", workers: 1 },
  { name: "tf_splits_4", what: "TensorFlow: splits, 4 workers", kind: "splits", workers: 4 },
  { name: "tf_registrations", what: "TensorFlow: datasets registered", kind: "registrations" },
  { name: "tf_heartbeats", what: "TensorFlow: heartbeats of 100 readers", kind: "heartbeats" },
];

/** The rows of the dispatcher's calls. */
export const tensorflowCallRows: Row[] = rows.map((row) => ({
  name: row.name,
  what: `${row.what}, against TensorFlow's dispatcher`,
  run: (bench) => run(row, bench),
}));
