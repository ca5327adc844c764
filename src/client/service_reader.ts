import { assertNever, type Deferred, deferred, type MaybePromise, raceAbort } from "../base/mod.ts";
import type { BlockReader, Element } from "../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../executor/mod.ts";
import type { DataServiceNode } from "../graph/mod.ts";
import type { ClientHeartbeatResponse } from "../gen/sluice/v1/dispatcher_pb.ts";
import { isUnixAddress } from "../rpc/mod.ts";
import type { ReaderCommand, ReaderEvent } from "./core/events.ts";
import { ReaderCore } from "./core/reader_core.ts";
import { DEFAULT_BUFFER_BYTES } from "./core/window.ts";
import { DispatcherLink } from "./dispatcher_link.ts";
import type { ReaderEnvironment } from "./environment.ts";
import { FAREWELL_MS, releaseClient } from "./farewell.ts";
import { HeartbeatLoop } from "./heartbeat_loop.ts";
import type { JobDirectory } from "./job_directory.ts";
import { TaskTargets } from "./task_targets.ts";
import { WorkerConnections } from "./worker_connections.ts";

/** What a reader is made of. */
export interface ServiceReaderOptions {
  readonly node: DataServiceNode;
  readonly environment: ReaderEnvironment;
  readonly jobs: JobDirectory;
  /** Aborted when the program leaves. */
  readonly signal: AbortSignal;
}

/** How a reader came to its end. */
type Ending =
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a reader has once it is a client of an iteration. */
interface Joined {
  readonly clientId: bigint;
  readonly link: DispatcherLink;
  readonly heartbeats: HeartbeatLoop;
  readonly workers: WorkerConnections;
}

/**
 * Reads one pass over a dataset through a dispatcher: the shell around {@linkcode ReaderCore}. Nothing is sent before
 * the first pull. Elements of the block in hand are given at once; a promise is made only between blocks, and only
 * where the next one has not come in.
 */
export class ServiceReader implements ElementIterator<Element> {
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
  #farewell: Promise<void> = Promise.resolve();

  /** Prepares a reader; sends nothing. */
  constructor(options: ServiceReaderOptions) {
    const { maxOutstandingRequests } = options.node.options;
    this.#options = options;
    this.#targets = new TaskTargets(options.node.options);
    this.#core = new ReaderCore({ maxBlocks: maxOutstandingRequests, maxBytes: DEFAULT_BUFFER_BYTES });
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
    this.#starting = this.#join().then(
      () => {},
      (error) => this.#end({ kind: "failed", error }),
    );
  }

  async #join(): Promise<void> {
    const { node, environment, jobs } = this.#options;
    const { service, dispatcherTimeoutMs, taskRefreshIntervalMs, trainerId } = node.options;
    const { signal } = this.#over;
    const link = new DispatcherLink(service, { environment, timeoutMs: dispatcherTimeoutMs });
    const { clientId, compression, state } = await jobs.begin(node, link, signal);
    const heartbeats = new HeartbeatLoop({
      link,
      clientId,
      intervalMs: taskRefreshIntervalMs,
      signal,
      onSend: () => this.#step({ kind: "heartbeatSent" }),
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
    this.#joined = { clientId, link, heartbeats, workers };
    if (signal.aborted) return await this.#releaseClient(); // The leave was taken before there was a client.
    this.#targets.check(state);
    this.#list(state);
    heartbeats.run().catch((error) => this.#end({ kind: "failed", error }));
  }

  /** Ends the reader, once. `atOnce`: the pull that waits is not kept waiting for the farewell. */
  #end(ending: Ending, { atOnce = false } = {}): void {
    if (this.#over.signal.aborted) return;
    const within = this.#index;
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
      this.#releaseClient(),
      this.#joined?.workers.release(this.#core.openSessions(within)).then(() => this.#targets.deleteTasks()),
    ]);
    await raceAbort(leaving, enough.signal).catch(() => {});
    timer.clear();
    this.#joined?.workers.closeAll();
  }

  async #releaseClient(): Promise<void> {
    if (!this.#joined) return;
    await releaseClient(this.#joined.link, this.#joined.clientId);
  }

  // ---- between the core and the world

  #list(state: ClientHeartbeatResponse): void {
    const { tasks, isSubset } = this.#targets.choose(state);
    this.#step({
      kind: "listed",
      iterationFinished: state.iterationFinished,
      isSubset,
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
