/** Start of a dispatcher and a worker, and what they keep in memory. */

import type { Bench, Row } from "../harness/bench.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes, residentBytes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { type Servers, startSluiceServers, startTensorflowServers } from "../harness/services.ts";

interface Start {
  seconds: number;
  megabytes: number;
}

const memoryOf = ({ pid }: { pid: number }) => (residentBytes(pid) ?? NaN) / 1e6;

async function measure(
  signal: AbortSignal,
  start: (processes: Processes) => Promise<Servers>,
): Promise<Start> {
  await using processes = new Processes(signal);
  const started = performance.now();
  const { dispatcher, worker } = await start(processes);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, megabytes: memoryOf(dispatcher) + memoryOf(worker) };
}

async function run({ rounds, signal, python, progress }: Bench): Promise<Result[]> {
  const ours = () => measure(signal, startSluiceServers);
  const theirs = () => measure(signal, (processes) => startTensorflowServers(processes, python!));
  const onRound = (round: number) => progress(`round ${round} of ${rounds}`);
  const measured = python === null
    ? { ...await inTurn(rounds, { ours }, onRound), theirs: [] }
    : await inTurn(rounds, { ours, theirs }, onRound);
  const figuresOf = (field: keyof Start) => ({
    ours: measured.ours.map((start) => start[field]),
    theirs: measured.theirs.map((start) => start[field]),
  });
  const said = {
    row: "start_and_memory",
    against: "TensorFlow",
    note: python ? undefined : "peer not installed",
  };
  return [
    compare({
      ...said,
      ...figuresOf("seconds"),
      workload: "start of a dispatcher and a worker",
      unit: "s",
      goal: { atMost: 1 / 4 },
    }),
    compare({
      ...said,
      ...figuresOf("megabytes"),
      workload: "their resident memory",
      unit: "MB",
      goal: { atMost: 1 / 3 },
    }),
  ];
}

/** The row of starts and memory. */
export const startAndMemoryRow: Row = {
  name: "start_and_memory",
  what: "start of a dispatcher and a worker, and their memory, against TensorFlow",
  run,
};
