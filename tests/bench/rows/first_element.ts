/** From `distribute()` to the first element of a service that has run before. */

import type { Bench, Row } from "../harness/bench.ts";
import type { Partner } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { startSluice, startTensorflow } from "../harness/services.ts";

/** Passes before those that count. */
const WARM_UPS = 3;

async function latency(reader: Partner): Promise<() => Promise<number>> {
  const first = async () => {
    const { checksum, seconds } = await reader.ask<{ checksum: number; seconds: number }>("first");
    if (checksum !== 0) throw new Error(`Wrong first element: ${checksum}, not 0`);
    return seconds * 1000;
  };
  for (let i = 0; i < WARM_UPS; i++) await first();
  return first;
}

async function run({ latencies, signal, python, progress }: Bench): Promise<Result[]> {
  await using processes = new Processes(signal);
  progress("warming up");
  const ours = await latency((await startSluice(processes)).reader);
  const said = {
    row: "first_element",
    workload: "first element, warm service",
    unit: "ms" as const,
    goal: { atMost: 1 },
  };
  const onRound = (round: number) => progress(`${round} of ${latencies}`);
  if (python === null) {
    const measured = await inTurn(latencies, { ours }, onRound);
    return [compare({ ...said, ...measured, theirs: [], against: "TensorFlow", note: "peer not installed" })];
  }
  const tensorflow = await startTensorflow(processes, python);
  const theirs = await latency(tensorflow.reader);
  return [
    compare({ ...said, ...await inTurn(latencies, { ours, theirs }, onRound), against: tensorflow.name }),
  ];
}

/** The row of the first element. */
export const firstElementRow: Row = {
  name: "first_element",
  what: "time to the first element, against TensorFlow",
  run,
};
