/**
 * A program with many datasets and jobs: `registry.ts TARGET`. Asked, it makes some more: each with a dataset of its
 * own, a job, and a pass that it goes on reading, of which a worker is given a task.
 */

import { Dataset, registerDataset } from "../../../mod.ts";
import { createDispatcherClient } from "../../../src/rpc/mod.ts";
import { answer } from "./answer.ts";
import { inParallel } from "./in_parallel.ts";

/** Calls that each job takes. */
const CALLS = 4;

const target = Deno.args[0];
const dispatcher = createDispatcherClient(target, { defaultTimeoutMs: 60_000 });

/** A worker that takes every task. */
const taker = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response(new Uint8Array(), { headers: { "content-type": "application/proto" } }),
);
await dispatcher.workerHeartbeat({
  workerAddress: `127.0.0.1:${taker.addr.port}`,
  workerUid: "bench-worker",
  formats: ["sluice"],
});

let made = 0;

async function makeJob(): Promise<void> {
  const number = made++;
  const requestId = () => crypto.randomUUID();
  const datasetId = await registerDataset(target, Dataset.range(number));
  const job = { datasetId, jobName: `job ${number}`, shardingPolicy: 0, requestId: requestId() };
  const { jobId } = await dispatcher.getOrCreateJob(job);
  const { iterationClientId, state } = await dispatcher.getOrCreateIteration({
    jobId,
    repetition: 0n,
    requestId: requestId(),
  });
  if (state!.tasks.length !== 1) throw new Error(`Job ${number} has ${state!.tasks.length} tasks, not 1`);
  await dispatcher.clientHeartbeat({ iterationClientId });
}

await answer({
  async make({ jobs }: { jobs: number }) {
    await inParallel(jobs, makeJob);
    return { calls: jobs * CALLS };
  },
});
Deno.exit(0);
