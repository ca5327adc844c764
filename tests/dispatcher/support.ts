/** A core with a clock of its own and short words for what tests ask of it. */

import type { ShardingPolicy } from "../../src/graph/mod.ts";
import { clientHeartbeat, type ClientHeartbeatRequest } from "../../src/dispatcher/core/client_heartbeat.ts";
import { DispatcherCore, type Outcome } from "../../src/dispatcher/core/core.ts";
import type { Command, Handler } from "../../src/dispatcher/core/decision.ts";
import { getOrCreateIteration } from "../../src/dispatcher/core/get_or_create_iteration.ts";
import { getOrCreateJob, type GetOrCreateJobRequest } from "../../src/dispatcher/core/get_or_create_job.ts";
import { getSplit, type GetSplitReply, type GetSplitRequest } from "../../src/dispatcher/core/get_split.ts";
import { registerDataset, type RegisterDatasetRequest } from "../../src/dispatcher/core/register_dataset.ts";
import { releaseIterationClient } from "../../src/dispatcher/core/release_client.ts";
import type { DispatcherSettings } from "../../src/dispatcher/core/settings.ts";
import { checkLiveness, collectGarbage, confirmWorker, loseWorker } from "../../src/dispatcher/core/tick.ts";
import type { Checkpoint, OrderView } from "../../src/dispatcher/core/resume.ts";
import type { StateView } from "../../src/dispatcher/core/state.ts";
import type { TaskConsumption } from "../../src/dispatcher/core/consumption.ts";
import { drainWorker, unregisterWorker } from "../../src/dispatcher/core/unregister_worker.ts";
import type { SourceDescription, Update } from "../../src/dispatcher/core/updates.ts";
import {
  workerHeartbeat,
  type WorkerHeartbeatReply,
  type WorkerHeartbeatRequest,
} from "../../src/dispatcher/core/worker_heartbeat.ts";
import { workerUpdate } from "../../src/dispatcher/core/worker_update.ts";
import type { ClientView } from "../../src/dispatcher/core/client_view.ts";

/** Settings with the defaults of the public contract. */
export const SETTINGS: DispatcherSettings = {
  workerAddresses: [],
  jobGcCheckIntervalMs: 600_000,
  jobGcTimeoutMs: 300_000,
  workerTimeoutMs: 60_000,
  clientTimeoutMs: 300_000,
  leaseTimeoutMs: -1,
  gcDynamicShardingJobs: false,
  deploymentMode: "remote",
};

/** A lease of one split, or the end. */
export type OneSplit =
  | {
    readonly kind: "split";
    readonly start: number;
    readonly end: number;
    readonly names: readonly string[];
  }
  | Exclude<GetSplitReply, { readonly kind: "splits" }>;

/** The one split of a lease. */
export function oneSplit(reply: GetSplitReply): OneSplit {
  if (reply.kind === "end") return reply;
  const [{ start, end, names }, ...others] = reply.splits;
  if (others.length > 0) throw new Error(`Expected one split, got ${others.length} others`);
  return { kind: "split", start, end, names };
}

/** The key of an iteration. */
export const KEY = "00000001-00000002-0000000000000003";

/** A source of `count` indexes. */
export const indexes = (count: number): SourceDescription => ({ kind: "indexes", count });

/** What a test core starts with. */
export interface TestCoreOptions extends Partial<DispatcherSettings> {
  durable?: boolean;
  /** Whether updates are kept for a look at them. @default true */
  keepUpdates?: boolean;
}

/** A core under test. */
export class TestCore {
  readonly core: DispatcherCore;
  /** Everything that happened. */
  readonly updates: Update[] = [];
  /** The commands of the latest event. */
  commands: readonly Command[] = [];
  /** The time, in milliseconds. */
  now = 1_000_000;

  readonly #keepUpdates: boolean;

  constructor({ durable = true, keepUpdates = true, ...settings }: TestCoreOptions = {}) {
    this.#keepUpdates = keepUpdates;
    this.core = new DispatcherCore({ ...SETTINGS, ...settings }, { durable });
  }

  get state(): StateView {
    return this.core.state;
  }

  run<Q, R>(handler: Handler<Q, R>, request: Q): R {
    const outcome: Outcome<R> = this.core.handle(handler, request, this.now);
    if (this.#keepUpdates) this.updates.push(...structuredClone([...outcome.updates]));
    this.commands = outcome.commands;
    return outcome.reply;
  }

  dataset(options: Partial<RegisterDatasetRequest> = {}): string {
    const metadata = { elementSpec: new Uint8Array(), compression: 0, cardinality: 10 };
    const graph = new TextEncoder().encode(options.fingerprint ?? "graph");
    return this.run(registerDataset, {
      format: "sluice",
      graph,
      fingerprint: "graph",
      metadata,
      datasetId: null,
      requestId: null,
      ...options,
    });
  }

  job(policy: ShardingPolicy, options: Partial<GetOrCreateJobRequest> = {}): number {
    return this.run(getOrCreateJob, {
      datasetId: options.datasetId ?? this.dataset(),
      policy,
      name: null,
      numConsumers: null,
      useCrossTrainerCache: false,
      targetWorkers: "AUTO",
      requireExactlyOnce: false,
      requestId: null,
      randomName: "feed",
      ...options,
    });
  }

  /** Joins a pass; the reply is the new client's id. */
  client(
    jobId: number,
    {
      repetition = 0,
      sources = [indexes(100)] as SourceDescription[],
      requestId = null as string | null,
      key = KEY,
      checkpoint = null as Checkpoint | null,
      order = null as OrderView,
      begins = false,
    } = {},
  ): number {
    const pass = {
      jobId,
      repetition,
      requestId,
      begins,
      sources,
      key,
      checkpoint,
      order,
      randomName: "feed",
    };
    return this.run(getOrCreateIteration, pass).clientId;
  }

  worker(address: string, options: Partial<WorkerHeartbeatRequest> = {}): WorkerHeartbeatReply {
    return this.run(workerHeartbeat, {
      address,
      uid: `${address}#1`,
      tags: [],
      formats: ["sluice"],
      currentTasks: this.tasksOn(address),
      ...options,
    });
  }

  heartbeat(clientId: number, report: Partial<ClientHeartbeatRequest> = {}): ClientView {
    return this.run(clientHeartbeat, { clientId, currentRound: null, blockedRound: null, ...report });
  }

  release(clientId: number, consumed: TaskConsumption[] = []): void {
    this.run(releaseIterationClient, { clientId, consumed });
  }

  finish(address: string, ...completedTasks: number[]): void {
    this.run(workerUpdate, { address, completedTasks });
  }

  leave(address: string, uid = `${address}#1`): void {
    this.run(unregisterWorker, { address, uid });
  }

  drain(address: string): void {
    this.run(drainWorker, address);
  }

  splits(request: Omit<GetSplitRequest, "iterationId" | "source"> & { source?: number }): GetSplitReply {
    const iterationId = this.state.tasks.get(request.taskId)!.iterationId;
    return this.run(getSplit, { iterationId, source: 0, ...request });
  }

  /** The same where all that matters are the indexes of the one split of a lease. */
  split(request: Omit<GetSplitRequest, "iterationId" | "source"> & { source?: number }): OneSplit {
    return oneSplit(this.splits(request));
  }

  /** Looks at the heartbeats, and loses silent workers but those that answer a call. */
  checkLiveness(answering: readonly string[] = []): void {
    for (const address of this.run(checkLiveness, null).silentWorkers) {
      if (answering.includes(address)) this.run(confirmWorker, address);
      else this.run(loseWorker, address);
    }
  }

  collect(): readonly number[] {
    return this.run(collectGarbage, null);
  }

  /** The tasks that a worker should have. */
  tasksOn(address: string): number[] {
    return [...this.state.workers.get(address)?.tasks ?? []];
  }

  /** A core that knows what this one knows from its updates alone. */
  replayed(): DispatcherCore {
    const core = new DispatcherCore(SETTINGS, { durable: true });
    for (const update of structuredClone(this.updates)) core.replay(update);
    return core;
  }
}
