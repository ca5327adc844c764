/** Elements through a service, against TensorFlow's: dispatcher, one worker and one reader on each side. */

import type { Bench, Row } from "../harness/bench.ts";
import { bareStream, CEILING } from "../harness/ceiling.ts";
import { inTurn } from "../harness/in_turn.ts";
import { Processes } from "../harness/processes.ts";
import { compare, type Result } from "../harness/result.ts";
import { startSluice, startTensorflow } from "../harness/services.ts";
import { type Pass, throughput } from "../harness/throughput.ts";
import { listensOnUnixSocket } from "../harness/unix_sockets.ts";
import { WORKLOADS } from "../programs/workloads.ts";

/** Makes readers use the network where they would take a unix socket. */
const OVER_THE_NETWORK = { SLUICE_TRANSPORT: "fetch" };

interface ServiceRow extends Pass {
  name: string;
  what: string;
  atLeast: number;
  unit: "elements/s" | "MB/s";
  transport?: "network" | "unix socket";
}

async function run(row: ServiceRow, bench: Bench): Promise<Result[]> {
  const { name, what, workload, unit, transport } = row;
  const { rounds, seconds, signal, python } = bench;
  await using processes = new Processes(signal);
  bench.progress("starting");
  const sluice = await startSluice(processes, { env: transport === "network" ? OVER_THE_NETWORK : {} });
  const figures = { row: name, workload: what, unit, ours: [], theirs: [] };
  const { bytes, elements } = WORKLOADS[workload];
  const scale = unit === "MB/s" ? bytes / elements / 1e6 : 1;
  const scaled = (measure: () => Promise<number>) => async () => await measure() * scale;

  bench.progress("warming Sluice up");
  const ours = scaled(await throughput(sluice.reader, row, seconds));
  if (transport === "unix socket" && !listensOnUnixSocket(sluice.worker.pid)) {
    const note = "not available: the worker listens on no unix socket";
    return [compare({ ...figures, against: "TensorFlow", goal: { atLeast: row.atLeast }, note })];
  }
  let theirs: () => Promise<number>;
  let against: string;
  if (python === null) {
    bench.progress("warming the ceiling up");
    const bytesPerSecond = await bareStream(processes, seconds);
    theirs = scaled(async () => await bytesPerSecond() / bytes * elements);
    against = CEILING;
  } else {
    bench.progress("warming TensorFlow up");
    const tensorflow = await startTensorflow(processes, python);
    theirs = scaled(await throughput(tensorflow.reader, row, seconds));
    against = tensorflow.name;
  }
  const measured = await inTurn(
    rounds,
    { ours, theirs },
    (round) => bench.progress(`round ${round} of ${rounds}`),
  );
  const goal = python === null ? null : { atLeast: row.atLeast };
  return [compare({ ...figures, ...measured, against, goal })];
}

const rows: ServiceRow[] = [
  {
    name: "scalars",
    what: "scalars, OFF",
    workload: "scalars",
    mode: "parallel_epochs",
    atLeast: 80,
    unit: "elements/s",
  },
  {
    name: "scalars_dynamic",
    what: "scalars, DYNAMIC",
    workload: "scalars",
    mode: "distributed_epoch",
    atLeast: 100,
    unit: "elements/s",
  },
  {
    name: "strings",
    what: "100-byte strings, OFF",
    workload: "strings",
    mode: "parallel_epochs",
    atLeast: 60,
    unit: "elements/s",
  },
  {
    name: "batches",
    what: "range.map.batch(256), OFF, in elements",
    workload: "batches",
    mode: "parallel_epochs",
    atLeast: 20,
    unit: "elements/s",
  },
  {
    name: "tensors",
    what: "600 KB float32 tensors",
    workload: "tensors",
    mode: "parallel_epochs",
    atLeast: 1.3,
    unit: "MB/s",
    transport: "network",
  },
  {
    name: "large_batches",
    what: "19 MB batches",
    workload: "large_batches",
    mode: "parallel_epochs",
    atLeast: 1.0,
    unit: "MB/s",
    transport: "network",
  },
  {
    name: "tensors_unix",
    what: "600 KB float32 tensors, on one host",
    workload: "tensors",
    mode: "parallel_epochs",
    atLeast: 2,
    unit: "MB/s",
    transport: "unix socket",
  },
  {
    name: "images",
    what: "150 KB uint8 images",
    workload: "images",
    mode: "parallel_epochs",
    atLeast: 3,
    unit: "MB/s",
  },
];

/** The rows of `DESIGN.md` 10 that compare throughput with TensorFlow's service. */
export const serviceRows: Row[] = rows.map((row) => ({
  name: row.name,
  what: `${row.what}, against TensorFlow`,
  run: (bench) => run(row, bench),
}));
