/**
 * Workers and readers that do nothing but live: `heartbeats.ts TARGET WORKERS READERS`. All readers share one pass
 * of one job, so that each of them is told of a task for every worker. Asked, it sends as many heartbeats as are
 * answered in some seconds.
 */

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Dataset, registerDataset } from "../../../mod.ts";
import {
  ClientHeartbeatRequestSchema,
  WorkerHeartbeatRequestSchema,
} from "../../../src/gen/sluice/v1/dispatcher_pb.ts";
import { createDispatcherClient } from "../../../src/rpc/mod.ts";
import { answer } from "./answer.ts";
import { HttpCaller, requestBytes } from "./http_caller.ts";
import { inParallel } from "./in_parallel.ts";

/** Calls at a time: enough to keep the dispatcher busy. */
const CONNECTIONS = 64;

/** Readers' heartbeats for one of a worker: they come every second, a worker's every 30 seconds. */
const READERS_PER_WORKER = 30;

const target = Deno.args[0];
const [workers, readers] = Deno.args.slice(1).map(Number);
const { host } = new URL(target);
const dispatcher = createDispatcherClient(target, { defaultTimeoutMs: 60_000 });

/** The workers' one server takes every task; the addresses of the loopback network tell the workers apart. */
const taker = Deno.serve(
  { hostname: "0.0.0.0", port: 0, onListen: () => {} },
  () => new Response(new Uint8Array(), { headers: { "content-type": "application/proto" } }),
);

const addresses = Array.from(
  { length: workers },
  (_, i) => `127.0.${1 + (i >> 7)}.${1 + (i & 127)}:${taker.addr.port}`,
);

const workerState = (index: number) => ({
  workerAddress: addresses[index],
  workerUid: `bench-worker-${index}`,
  formats: ["sluice"],
});

function request<S extends DescMessage>(method: string, schema: S, message: MessageInitShape<S>): Uint8Array {
  return requestBytes(host, method, toBinary(schema, create(schema, message)));
}

/** Brings the peers into being, and gives their heartbeats as bytes. */
async function join(): Promise<{ ofWorkers: Uint8Array[]; ofReaders: Uint8Array[] }> {
  await inParallel(workers, (index) => dispatcher.workerHeartbeat(workerState(index)));
  const datasetId = await registerDataset(target, Dataset.range(1_000_000));
  const requestId = () => crypto.randomUUID();
  const { jobId } = await dispatcher.getOrCreateJob({ datasetId, shardingPolicy: 0, requestId: requestId() });
  const joined = await inParallel(
    readers,
    () => dispatcher.getOrCreateIteration({ jobId, repetition: 0n, requestId: requestId() }),
  );
  const tasks = new Map(joined[0].state!.tasks.map((task) => [task.workerAddress, task.taskId]));
  if (tasks.size !== workers) throw new Error(`There are ${tasks.size} tasks for ${workers} workers`);
  const ofReaders = joined.map(({ iterationClientId, state }) =>
    request("ClientHeartbeat", ClientHeartbeatRequestSchema, {
      iterationClientId,
      knownTasksTag: state!.tasksTag,
    })
  );
  const ofWorkers = addresses.map((address, index) =>
    request("WorkerHeartbeat", WorkerHeartbeatRequestSchema, {
      ...workerState(index),
      currentTasks: [tasks.get(address)!],
    })
  );
  return { ofWorkers, ofReaders };
}

const { ofWorkers, ofReaders } = await join();
const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpCaller.open(host)));

let sent = 0;

function nextRequest(): Uint8Array {
  const round = Math.floor(++sent / (READERS_PER_WORKER + 1));
  return sent % (READERS_PER_WORKER + 1) === 0
    ? ofWorkers[round % workers]
    : ofReaders[(sent - round) % readers];
}

await answer({
  async beat({ seconds }: { seconds: number }) {
    const started = performance.now();
    const end = started + seconds * 1000;
    let answered = 0;
    await Promise.all(connections.map(async (connection) => {
      while (performance.now() < end) {
        await connection.call(nextRequest());
        answered++;
      }
    }));
    return { answered, seconds: (performance.now() - started) / 1000 };
  },
});
Deno.exit(0);
