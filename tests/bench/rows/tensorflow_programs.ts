/** Stock readers and workers of TensorFlow's with Sluice's dispatcher, and with Sluice's workers. */

import type { Bench, Row } from "../harness/bench.ts";
import { converse, type Partner, program, readyLine } from "../harness/conversation.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { startTensorflow } from "../harness/services.ts";
import { throughput } from "../harness/throughput.ts";
import { readerCommand, startTensorFlow } from "../programs/tf_programs.ts";
import { WORKLOADS } from "../programs/workloads.ts";

/** Sluice's dispatcher: its address for its own programs, and for TensorFlow's. */
async function startDispatcher(processes: Processes): Promise<{ address: string; tensorflow: string }> {
  const ready = await readyLine(processes.start("dispatcher", {
    args: program("../../scripts/dispatcher.ts", "--json", "--port", "0", "--tf-port", "0"),
  }));
  return { address: ready.address, tensorflow: ready.tensorflow };
}

const notInstalled = (said: { row: string; workload: string; unit: "ms" | "MB/s"; goal: Result["goal"] }) =>
  compare({ ...said, ours: [], theirs: [], against: "TensorFlow", note: "peer not installed" });

async function firstElement({ latencies, signal, python, progress }: Bench): Promise<Result[]> {
  const said = {
    row: "tf_first_element",
    workload: "TensorFlow: first element, Sluice's dispatcher",
    unit: "ms" as const,
    goal: { atMost: 1 },
  };
  if (python === null) return [notInstalled(said)];
  await using processes = new Processes(signal);
  progress("warming up");
  const { tensorflow } = await startDispatcher(processes);
  await startTensorFlow(processes, python, "worker", new URL(tensorflow).host);
  const reader = await converse(processes, "reader", readerCommand(python, tensorflow));
  const stock = await startTensorflow(processes, python);
  const first = (reader: Partner) => async () => {
    const { checksum, seconds } = await reader.ask<{ checksum: number; seconds: number }>("first");
    if (checksum !== 0) throw new Error(`Wrong first element: ${checksum}, not 0`);
    return seconds * 1000;
  };
  const sides = { ours: first(reader), theirs: first(stock.reader) };
  await inTurn(3, sides);
  const measured = await inTurn(latencies, sides, (round) => progress(`${round} of ${latencies}`));
  return [compare({ ...said, ...measured, against: stock.name })];
}

async function tensors(isolation: "none" | "process", bench: Bench): Promise<Result[]> {
  const { rounds, seconds, signal, python, progress } = bench;
  const said = {
    row: `tf_tensors_${isolation}`,
    workload: `TensorFlow reads 600 KB float32 tensors of Sluice's worker, isolation ${isolation}`,
    unit: "MB/s" as const,
    goal: { atLeast: 1 },
  };
  if (python === null) return [notInstalled(said)];
  await using processes = new Processes(signal);
  progress("starting");
  const { address, tensorflow } = await startDispatcher(processes);
  await readyLine(processes.start("worker", {
    args: program(
      "../../scripts/worker.ts",
      ...[
        "--json",
        "--port",
        "0",
        "--tf-port",
        "0",
        "--dispatcher-address",
        address,
        "--isolation",
        isolation,
      ],
    ),
  }));
  const registry = await converse(processes, "registry", {
    args: program("programs/tf_register.ts", address),
  });
  const stock = await startTensorflow(processes, python);
  const script = new URL("../programs/tf_reader.py", import.meta.url).pathname;
  const child = await converse(processes, "reader", { command: python, args: [script, tensorflow] });
  const reader: Partner = {
    ...child,
    async ask<T>(_: string, { workload, mode, count }: Record<string, unknown> = {}) {
      const { datasetId } = await registry.ask<{ datasetId: string }>("register", { workload, count });
      return await child.ask<T>("throughput", { dataset_id: datasetId, mode, count });
    },
  };
  const pass = { workload: "tensors", mode: "parallel_epochs" } as const;
  const scaled = (measure: () => Promise<number>) => async () =>
    await measure() * WORKLOADS.tensors.bytes / 1e6;
  progress("warming up");
  const sides = {
    ours: scaled(await throughput(reader, pass, seconds)),
    theirs: scaled(await throughput(stock.reader, pass, seconds)),
  };
  const measured = await inTurn(rounds, sides, (round) => progress(`round ${round} of ${rounds}`));
  return [compare({ ...said, ...measured, against: stock.name })];
}

/** The rows with TensorFlow's programs. */
export const tensorflowProgramRows: Row[] = [
  {
    name: "tf_first_element",
    what: "time to the first element of stock programs with Sluice's dispatcher, against TensorFlow's",
    run: firstElement,
  },
  ...(["none", "process"] as const).map((isolation) => ({
    name: `tf_tensors_${isolation}`,
    what: `600 KB tensors of a Sluice worker (isolation ${isolation}) in TensorFlow, against its own workers`,
    run: (bench: Bench) => tensors(isolation, bench),
  })),
];
