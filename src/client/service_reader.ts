import { assertNever, FailedPreconditionError, type MaybePromise, type RangeSet } from "../base/mod.ts";
import type { BlockReader, ConsumedSet, Element } from "../element/mod.ts";
import type { Pulled } from "../executor/mod.ts";
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
import { releaseClient } from "./farewell.ts";
import { HeartbeatLoop, type HeartbeatReport } from "./heartbeat_loop.ts";
import type { JobDirectory } from "./job_directory.ts";
import { ReaderLife } from "./reader_life.ts";
import { consumedOf, consumedText, type ServiceCheckpoint } from "./service_checkpoint.ts";
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
  /** The numbers of elements that have come to the program; null: it gets each at once. */
  readonly settled: (() => RangeSet) | null;
}

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
  readonly #life: ReaderLife<Element>;

  #block: BlockReader | null = null;
  #index = 0;
  #count = 0;

  #joined: Joined | null = null;
  /** Elements of the block in hand that the program had when the reader was over; null: it is not. */
  #endedWithin: number | null = null;
  /** Whether everything was read. */
  #hasFinished = false;
  #readers = 1;

  /** Prepares a reader; sends nothing. */
  constructor(options: ServiceReaderOptions) {
    const { maxOutstandingRequests } = options.node.options;
    this.#options = options;
    this.#targets = new TaskTargets(options.node.options);
    this.#life = new ReaderLife({
      clock: options.environment.clock,
      signal: options.signal,
      join: () => this.#join(),
      leave: () => this.#leave(),
      onLeft: () => this.#joined?.workers.closeAll(),
    });
    this.#core = new ReaderCore(
      { maxBlocks: maxOutstandingRequests, maxBytes: DEFAULT_BUFFER_BYTES },
      {
        before: options.resume ? consumedOf("checkpoint.consumed", options.resume.consumed) : undefined,
        position: options.resume?.position,
        mayBeHeld: options.settled !== null,
      },
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
    return this.#life.close();
  }

  get position(): number {
    return this.#core.position(this.#within);
  }

  checkpoint(): ServiceCheckpoint | null {
    const { node, resume } = this.#options;
    if (!this.#joined) return resume;
    const { clientId, iterationKey, repetition } = this.#joined;
    const { shardingPolicy } = node.options;
    const settled = this.#settled();
    const isSharded = shardingPolicy === ShardingPolicy.DYNAMIC;
    const { position } = this;
    const firstHeld = this.#firstHeld(settled);
    if (!isSharded) this.#checkOrder();
    return {
      iteration: iterationKey,
      client: `${clientId}`,
      repetition,
      policy: shardingPolicy,
      consumed: isSharded ? consumedText(this.#consumed(settled)) : "",
      position: isSharded ? position : firstHeld,
      readers: this.#readers,
      finished: this.#hasFinished && firstHeld === position,
    };
  }

  get isSpent(): boolean {
    return this.#hasFinished && this.#firstHeld(this.#settled()) === this.position;
  }

  /** Numbers of the elements that have come to the program; null: all that were given out. */
  #settled(): RangeSet | null {
    return this.#options.settled && this.#options.settled();
  }

  /** The number of the first element that the program has not got. */
  #firstHeld(settled: RangeSet | null): number {
    const { position } = this;
    if (settled === null) return position;
    const held = settled.gaps(this.#options.resume?.position ?? 0, position).next();
    return held.done ? position : held.value.start;
  }

  /** How many elements of the block in hand were given out. */
  get #within(): number {
    return this.#endedWithin ?? this.#index;
  }

  #consumed(settled: RangeSet | null): ConsumedSet {
    const consumed = this.#core.consumed(this.#within, settled);
    if (consumed) return consumed;
    throw new FailedPreconditionError(
      "Cannot make a checkpoint: the dataset's pipeline does not say which source elements it has consumed",
    );
  }

  #checkOrder(): void {
    const { numTasks } = this.#core;
    if (numTasks <= 1) return;
    throw new FailedPreconditionError(
      `Cannot make a checkpoint: without sharding ${numTasks} workers give all elements each, in an order of chance`,
    );
  }

  #dropBlock(): void {
    this.#block = null;
    this.#index = this.#count = 0;
  }

  #takeBlock(): void {
    this.#dropBlock();
    this.#step({ kind: "taken" });
    if (this.#core.wantsToSettle) this.#core.settle(this.#options.settled!());
  }

  #nextBlock(): MaybePromise<Pulled<Element>> {
    if (this.#block) this.#takeBlock(); // Its last element could not be decoded.
    if (!this.#life.hasBegun) this.#begin();
    this.#step({ kind: "wanted" });
    if (this.#count > 0) return this.next();
    return this.#life.wait();
  }

  // ---- life

  #begin(): void {
    const { resume, jobs, node } = this.#options;
    if (!resume?.finished) return this.#life.begin();
    jobs.passOver(node, resume.repetition);
    this.#hasFinished = true;
    this.#life.end({ kind: "finished" });
  }

  async #join(): Promise<void> {
    const { node, environment, jobs, resume } = this.#options;
    const { service, dispatcherTimeoutMs, taskRefreshIntervalMs, trainerId } = node.options;
    const { signal } = this.#life;
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
      onSend: () => this.#step({ kind: "heartbeatSent", within: this.#index }),
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
      onError: (error) => this.#life.end({ kind: "failed", error }),
    });
    this.#joined = { clientId, iterationKey, repetition, link, heartbeats, workers };
    if (signal.aborted) return await this.#releaseClient(0); // The leave was taken before there was a client.
    this.#targets.check(state);
    this.#list(state);
    heartbeats.run().catch((error) => this.#life.end({ kind: "failed", error }));
  }

  /** Releases the client and its sessions. */
  #leave(): (Promise<unknown> | undefined)[] {
    const within = this.#index;
    this.#endedWithin = within;
    this.#dropBlock();
    return [
      this.#releaseClient(within),
      this.#joined?.workers.release(this.#core.openSessions(within)).then(() => this.#targets.deleteTasks()),
    ];
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
      isDivided: this.#options.node.options.shardingPolicy === ShardingPolicy.DYNAMIC,
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
    if (this.#life.isOver) return;
    for (const command of this.#core.step(event)) this.#carryOut(command);
  }

  #carryOut(command: ReaderCommand<BlockReader>): void {
    const { workers, heartbeats } = this.#joined!;
    switch (command.kind) {
      case "handOver":
        return this.#handOver(command.block);
      case "discard":
        return this.#dropBlock();
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
        return this.#life.end({ kind: "failed", error: command.error });
      case "finish":
        this.#hasFinished = true;
        return this.#life.end({ kind: "finished" });
      default:
        assertNever(command);
    }
  }

  #handOver(block: BlockReader): void {
    this.#block = block;
    this.#index = 0;
    this.#count = block.count;
    this.#life.answer(() => this.next());
  }
}
