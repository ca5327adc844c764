import {
  assertNever,
  type Deferred,
  deferred,
  FailedPreconditionError,
  type MaybePromise,
  raceAbort,
} from "../base/mod.ts";
import type { BlockReader, ConsumedSet, Element } from "../element/mod.ts";
import { DONE, type Pulled } from "../executor/mod.ts";
import { type DataServiceNode, ShardingPolicy } from "../graph/mod.ts";
import type { ClientHeartbeatResponse } from "../gen/sluice/v1/dispatcher_pb.ts";
import { isUnixAddress } from "../rpc/mod.ts";
import type { ReaderCommand, ReaderEvent } from "./core/events.ts";
import { ReaderCore } from "./core/reader_core.ts";
import { DEFAULT_BUFFER_BYTES } from "./core/window.ts";
import { consumptionOf } from "./consumption_message.ts";
import type { ServiceReading } from "./data_service_reader.ts";
import { DispatcherLink } from "./dispatcher_link.ts";
import type { ReaderEnvironment } from "./environment.ts";
import { FAREWELL_MS, releaseClient } from "./farewell.ts";
import { HeartbeatLoop, type HeartbeatReport } from "./heartbeat_loop.ts";
import type { JobDirectory } from "./job_directory.ts";
import { consumedBefore, consumedText, type ServiceCheckpoint } from "./service_checkpoint.ts";
import { TaskTargets } from "./task_targets.ts";
import { WorkerConnections } from "./worker_connections.ts";

/** What a reader is made of. */
export interface ServiceReaderOptions {
  readonly node: DataServiceNode;
  readonly environment: ReaderEnvironment;
  readonly jobs: JobDirectory;
  /** Aborted when the program leaves. */
  readonly signal: AbortSignal;
  /** Where the reader goes on; null: at the beginning of the next pass. */
  readonly resume: ServiceCheckpoint | null;
}

/** How a reader came to its end. */
type Ending =
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a reader has once it is a client of an iteration. */
interface Joined {
  readonly clientId: bigint;
  readonly iterationKey: string;
  readonly repetition: number;
  readonly link: DispatcherLink;
  readonly heartbeats: HeartbeatLoop;
  readonly workers: WorkerConnections;
}

/**
 * Reads one pass over a dataset through a dispatcher: the shell around {@linkcode ReaderCore}. Nothing is sent before
 * the first pull. Elements of the block in hand are given at once; a promise is made only between blocks, and only
 * where the next one has not come in.
 */
export class ServiceReader implements ServiceReading {
  readonly #options: ServiceReaderOptions;
  readonly #core: ReaderCore<BlockReader>;
  readonly #targets: TaskTargets;
  /** Aborted when the reader is over, for whatever reason. */
  readonly #over = new AbortController();
  readonly #onAbort = () =>
    this.#end({ kind: "failed", error: this.#options.signal.reason }, { atOnce: true });

  #block: BlockReader | null = null;
  #index = 0;
  #count = 0;

  #starting: Promise<void> | null = null;
  #joined: Joined | null = null;
  #pull: Deferred<Pulled<Element>> | null = null;
  #ending: Ending | null = null;
  /** Elements of the block in hand that the program had when the reader was over; null: it is not. */
  #endedWithin: number | null = null;
  /** Whether everything was read. */
  #hasFinished = false;
  #readers = 1;
  #farewell: Promise<void> = Promise.resolve();

  /** Prepares a reader; sends nothing. */
  constructor(options: ServiceReaderOptions) {
    const { maxOutstandingRequests } = options.node.options;
    this.#options = options;
    this.#targets = new TaskTargets(options.node.options);
    this.#core = new ReaderCore(
      { maxBlocks: maxOutstandingRequests, maxBytes: DEFAULT_BUFFER_BYTES },
      options.resume ? consumedBefore(options.resume) : undefined,
    );
  }

  next(): MaybePromise<Pulled<Element>> {
    if (this.#index < this.#count) {
      const element = this.#block!.get(this.#index++);
      // Told before the program pulls again: it may have got all that it wants.
      if (this.#index === this.#count) this.#takeBlock();
      return element;
    }
    return this.#nextBlock();
  }

  close(): Promise<void> {
    this.#end({ kind: "finished" }, { atOnce: true });
    return this.#farewell;
  }

  checkpoint(): ServiceCheckpoint | null {
    const { node, resume } = this.#options;
    if (!this.#joined) return resume;
    const { clientId, iterationKey, repetition } = this.#joined;
    const { shardingPolicy } = node.options;
    const within = this.#endedWithin ?? this.#index;
    return {
      iteration: iterationKey,
      client: `${clientId}`,
      repetition,
      policy: shardingPolicy,
      consumed: shardingPolicy === ShardingPolicy.DYNAMIC ? consumedText(this.#consumed(within)) : "",
      position: (resume?.position ?? 0) + this.#position(within),
      readers: this.#readers,
      finished: this.#hasFinished,
    };
  }

  #consumed(within: number): ConsumedSet {
    const consumed = this.#core.consumed(within);
    if (consumed) return consumed;
    throw new FailedPreconditionError(
      "Cannot make a checkpoint: the dataset's pipeline does not say which source elements it has consumed",
    );
  }

  #position(within: number): number {
    const { numTasks } = this.#core;
    if (this.#options.node.options.shardingPolicy !== ShardingPolicy.OFF || numTasks <= 1) {
      return this.#core.taken(within);
    }
    throw new FailedPreconditionError(
      `Cannot make a checkpoint: without sharding ${numTasks} workers give all elements each, in an order of chance`,
    );
  }

  #takeBlock(): void {
    this.#block = null;
    this.#index = this.#count = 0;
    this.#step({ kind: "taken" });
  }

  #nextBlock(): MaybePromise<Pulled<Element>> {
    if (this.#block) this.#takeBlock(); // Its last element could not be decoded.
    if (!this.#ending) {
      if (!this.#starting) this.#begin();
      this.#step({ kind: "wanted" });
      if (this.#count > 0) return this.next();
    }
    if (this.#ending) return this.#giveEnding(this.#ending);
    this.#pull = deferred();
    return this.#pull.promise;
  }

  /** The end, as pulls see it: an error once, then that there is nothing more. */
  async #giveEnding(ending: Ending): Promise<Pulled<Element>> {
    this.#ending = { kind: "finished" };
    await this.#farewell;
    if (ending.kind === "failed") throw ending.error;
    return DONE;
  }

  // ---- life

  #begin(): void {
    const { signal } = this.#options;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) return this.#onAbort();
    if (this.#options.resume?.finished) {
      this.#hasFinished = true;
      return this.#end({ kind: "finished" });
    }
    this.#starting = this.#join().then(
      () => {},
      (error) => this.#end({ kind: "failed", error }),
    );
  }

  async #join(): Promise<void> {
    const { node, environment, jobs, resume } = this.#options;
    const { service, dispatcherTimeoutMs, taskRefreshIntervalMs, trainerId } = node.options;
    const { signal } = this.#over;
    const link = new DispatcherLink(service, { environment, timeoutMs: dispatcherTimeoutMs });
    const { clientId, compression, state, iterationKey, repetition } = await jobs.begin(
      node,
      link,
      signal,
      resume,
    );
    const heartbeats = new HeartbeatLoop({
      link,
      clientId,
      intervalMs: taskRefreshIntervalMs,
      signal,
      onSend: () => this.#step({ kind: "heartbeatSent" }),
      report: () => this.#report(),
      onAnswer: (answer) => this.#list(answer),
      isNeeded: () => this.#core.needsDispatcher,
    });
    const workers = new WorkerConnections({
      environment,
      clientId,
      compression,
      trainerId: trainerId ?? "",
      local: (address) => this.#targets.local(address),
      signal,
      onEvent: (event) => this.#step(event),
      onError: (error) => this.#end({ kind: "failed", error }),
    });
    this.#joined = { clientId, iterationKey, repetition, link, heartbeats, workers };
    if (signal.aborted) return await this.#releaseClient(0); // The leave was taken before there was a client.
    this.#targets.check(state);
    this.#list(state);
    heartbeats.run().catch((error) => this.#end({ kind: "failed", error }));
  }

  /** Ends the reader, once. `atOnce`: the pull that waits is not kept waiting for the farewell. */
  #end(ending: Ending, { atOnce = false } = {}): void {
    if (this.#over.signal.aborted) return;
    const within = this.#index;
    this.#endedWithin = within;
    this.#ending = ending;
    this.#block = null;
    this.#index = this.#count = 0;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#over.abort(ending.kind === "failed" ? ending.error : undefined);
    this.#farewell = this.#takeLeave(within);
    const pull = this.#pull;
    if (!pull) return;
    this.#pull = null;
    if (!atOnce) pull.resolve(this.#giveEnding(ending));
    else {
      this.#ending = { kind: "finished" };
      if (ending.kind === "failed") pull.reject(ending.error);
      else pull.resolve(DONE);
    }
  }

  /** Releases the client and its sessions, with `within` elements of the block in hand used; what cannot be done in a second is left to timeouts. Never rejects. */
  async #takeLeave(within: number): Promise<void> {
    const { clock } = this.#options.environment;
    const enough = new AbortController();
    const timer = clock.setTimer(() => enough.abort(), FAREWELL_MS);
    const leaving = Promise.all([
      this.#starting, // It may have a client to release that this reader does not know yet.
      this.#releaseClient(within),
      this.#joined?.workers.release(this.#core.openSessions(within)).then(() => this.#targets.deleteTasks()),
    ]);
    await raceAbort(leaving, enough.signal).catch(() => {});
    timer.clear();
    this.#joined?.workers.closeAll();
  }

  async #releaseClient(within: number): Promise<void> {
    if (!this.#joined) return;
    await releaseClient(this.#joined.link, this.#joined.clientId, consumptionOf(this.#core.report(within)));
  }

  // ---- between the core and the world

  /** What a heartbeat says of the consumption. */
  #report(): HeartbeatReport {
    const report = this.#core.report(this.#index);
    return {
      consumed: consumptionOf(report),
      leftTasks: [...report.left],
      starvedTasks: [...report.starved],
    };
  }

  #list(state: ClientHeartbeatResponse): void {
    this.#readers = Math.max(1, state.numReaders);
    const { tasks, isSubset } = this.#targets.choose(state);
    this.#step({
      kind: "listed",
      iterationFinished: state.iterationFinished,
      isSubset,
      lostTasks: state.lostTasks,
      isRecovering: state.recovering,
      within: this.#index,
      tasks: tasks.map(({ taskId, workerAddress, dataAddresses, workerUid, finished }) => ({
        id: taskId,
        address: workerAddress,
        dataAddresses: this.#targets.local(workerAddress)
          ? []
          : dataAddresses.filter((address) => this.#isReachable(address)),
        workerUid,
        finished,
      })),
    });
  }

  /** Whether this reader knows how to reach such an address at all. */
  #isReachable(address: string): boolean {
    if (isUnixAddress(address)) return this.#options.environment.openStream !== undefined;
    return address.startsWith("http://") || address.startsWith("https://");
  }

  #step(event: ReaderEvent<BlockReader>): void {
    if (this.#over.signal.aborted) return;
    for (const command of this.#core.step(event)) this.#carryOut(command);
  }

  #carryOut(command: ReaderCommand<BlockReader>): void {
    const { workers, heartbeats } = this.#joined!;
    switch (command.kind) {
      case "handOver":
        return this.#handOver(command.block);
      case "discard":
        this.#block = null;
        this.#index = this.#count = 0;
        return;
      case "open":
        return workers.open(command);
      case "read":
        return workers.read(command);
      case "close":
        return workers.close(command);
      case "acknowledge":
        return void workers.acknowledge(command);
      case "heartbeat":
        return heartbeats.now();
      case "fail":
        return this.#end({ kind: "failed", error: command.error });
      case "finish":
        this.#hasFinished = true;
        return this.#end({ kind: "finished" });
      default:
        assertNever(command);
    }
  }

  #handOver(block: BlockReader): void {
    this.#block = block;
    this.#index = 0;
    this.#count = block.count;
    const pull = this.#pull;
    if (!pull) return;
    this.#pull = null;
    try {
      pull.resolve(this.next());
    } catch (error) {
      pull.reject(error);
    }
  }
}
