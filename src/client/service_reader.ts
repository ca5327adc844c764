import { assertNever, type MaybePromise, raceAbort } from "../base/mod.ts";
import type { BlockReader, Element } from "../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../executor/mod.ts";
import type { DataServiceNode } from "../graph/mod.ts";
import type { ClientHeartbeatResponse } from "../gen/sluice/v1/dispatcher_pb.ts";
import { compressionNumber } from "../rpc/mod.ts";
import { Acknowledger } from "./acknowledger.ts";
import { BlockDecoder } from "./block_decoder.ts";
import { callWithDeadline } from "./call_with_deadline.ts";
import { wishNumber } from "./compression_wish.ts";
import type { OpenSession, ReaderCommand, ReaderEvent } from "./core/events.ts";
import { ReaderCore } from "./core/reader_core.ts";
import { DEFAULT_BUFFER_BYTES } from "./core/window.ts";
import { DispatcherLink } from "./dispatcher_link.ts";
import type { ReaderEnvironment } from "./environment.ts";
import { FAREWELL_MS } from "./farewell.ts";
import { HeartbeatLoop } from "./heartbeat_loop.ts";
import type { JobDirectory, Pass } from "./job_directory.ts";
import { TaskStream } from "./task_stream.ts";

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

/** What a joined reader works with. */
interface Joined {
  readonly pass: Pass;
  readonly link: DispatcherLink;
  readonly acknowledger: Acknowledger;
  readonly heartbeats: HeartbeatLoop;
}

/**
 * Reads one pass over a dataset through a dispatcher: the shell around {@linkcode ReaderCore}. Nothing is sent before
 * the first pull. Elements of the block in hand are given at once; a promise is made only between blocks, and only
 * where the next one has not come in.
 */
export class ServiceReader implements ElementIterator<Element> {
  readonly #options: ServiceReaderOptions;
  readonly #core: ReaderCore<BlockReader>;
  readonly #streams = new Map<bigint, TaskStream>();
  // Kept over a broken stream: a worker that goes on need not say the spec again.
  readonly #decoders = new Map<bigint, BlockDecoder>();
  /** Aborted when the reader is over, for whatever reason. */
  readonly #over = new AbortController();
  readonly #onAbort = () =>
    this.#end({ kind: "failed", error: this.#options.signal.reason }, { atOnce: true });

  #block: BlockReader | null = null;
  #index = 0;
  #count = 0;

  #starting: Promise<void> | null = null;
  #joined: Joined | null = null;
  #pull: PromiseWithResolvers<Pulled<Element>> | null = null;
  #ending: Ending | null = null;
  #farewell: Promise<void> = Promise.resolve();

  /** Prepares a reader; sends nothing. */
  constructor(options: ServiceReaderOptions) {
    const { maxOutstandingRequests } = options.node.options;
    this.#options = options;
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
    this.#pull = Promise.withResolvers();
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
    const { service, dispatcherTimeoutMs, taskRefreshIntervalMs } = node.options;
    const { clock, random, fetch } = environment;
    const { signal } = this.#over;
    const link = new DispatcherLink(service, { environment, timeoutMs: dispatcherTimeoutMs });
    const pass = await jobs.begin(node, link, signal);
    const { clientId } = pass;
    const heartbeats = new HeartbeatLoop({
      link,
      clientId,
      intervalMs: taskRefreshIntervalMs,
      signal,
      onSend: () => this.#step({ kind: "heartbeatSent" }),
      onAnswer: (answer) => this.#list(answer),
      isNeeded: () => this.#core.needsDispatcher,
    });
    const acknowledger = new Acknowledger({ clock, random, fetch, clientId });
    this.#joined = { pass, link, acknowledger, heartbeats };
    if (signal.aborted) return;
    this.#list(pass.state);
    heartbeats.run().catch((error) => this.#end({ kind: "failed", error }));
  }

  /** Ends the reader, once. `atOnce`: the pull that waits is not kept waiting for the farewell. */
  #end(ending: Ending, { atOnce = false } = {}): void {
    if (this.#over.signal.aborted) return;
    this.#ending = ending;
    this.#block = null;
    this.#index = this.#count = 0;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#over.abort(ending.kind === "failed" ? ending.error : undefined);
    this.#farewell = this.#takeLeave();
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

  /** Releases the client and its sessions; what cannot be done in a second is left to timeouts. Never rejects. */
  async #takeLeave(): Promise<void> {
    const { clock } = this.#options.environment;
    const enough = new AbortController();
    using _timer = clock.setTimer(() => enough.abort(), FAREWELL_MS);
    const leaving = Promise.all([this.#starting, this.#release(), ...this.#releaseSessions()]);
    await raceAbort(leaving, enough.signal).catch(() => {});
    for (const stream of this.#streams.values()) stream.close();
  }

  async #release(): Promise<void> {
    if (!this.#joined) return;
    const { link, pass } = this.#joined;
    const request = { iterationClientId: pass.clientId };
    await callWithDeadline((call) => link.client.releaseIterationClient(request, call), {
      clock: link.environment.clock,
      timeoutMs: FAREWELL_MS,
    }).catch(() => {}); // The dispatcher releases clients that it does not hear of.
  }

  #releaseSessions(): Promise<void>[] {
    const open = this.#core.openSessions();
    const isNamed = new Set(open.filter(({ position }) => position.session !== "").map(({ task }) => task));
    for (const [task, stream] of this.#streams) {
      if (isNamed.has(task) || !stream.hasAsked) stream.close();
    }
    return open.map((session) => this.#releaseSession(session));
  }

  async #releaseSession(open: OpenSession): Promise<void> {
    if (!this.#joined) return;
    // A session whose name is still on its way has blocks already that others may be waiting for.
    const session = open.position.session || await this.#streams.get(open.task)?.session;
    if (!session) return;
    await this.#joined.acknowledger.release({ ...open, position: { ...open.position, session } });
  }

  // ---- between the core and the world

  #list({ tasks, iterationFinished }: ClientHeartbeatResponse): void {
    this.#step({
      kind: "listed",
      iterationFinished,
      tasks: tasks.map(({ taskId, workerAddress, workerUid, finished }) => ({
        id: taskId,
        address: workerAddress,
        workerUid,
        finished,
      })),
    });
  }

  #step(event: ReaderEvent<BlockReader>): void {
    if (this.#over.signal.aborted) return;
    for (const command of this.#core.step(event)) this.#carryOut(command);
  }

  #carryOut(command: ReaderCommand<BlockReader>): void {
    switch (command.kind) {
      case "handOver":
        return this.#handOver(command.block);
      case "open":
        return void this.#streams.set(command.task, this.#openStream(command));
      case "read":
        return this.#streams.get(command.task)?.read();
      case "close":
        return this.#streams.get(command.task)?.close();
      case "acknowledge":
        return void this.#acknowledge(command);
      case "heartbeat":
        return this.#joined!.heartbeats.now();
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

  #openStream(command: Extract<ReaderCommand<BlockReader>, { kind: "open" }>): TaskStream {
    const { node, environment } = this.#options;
    const { clock, random, fetch, codecs } = environment;
    const { clientId, compression } = this.#joined!.pass;
    const decoder = this.#decoders.get(command.task) ?? new BlockDecoder(codecs);
    this.#decoders.set(command.task, decoder);
    return new TaskStream(command, {
      clock,
      random,
      fetch,
      decoder,
      request: {
        iterationClientId: clientId,
        acceptedCompressions: codecs.names.filter((name) => name !== "NONE").map(compressionNumber),
        compression: wishNumber(compression),
        trainerId: node.options.trainerId ?? "",
      },
      onEvent: (event) => this.#step(event),
    });
  }

  async #acknowledge(
    { task, address, position, attempt }: Extract<ReaderCommand<BlockReader>, { kind: "acknowledge" }>,
  ): Promise<void> {
    const { session } = position;
    const { signal } = this.#over;
    try {
      const outcome = await this.#joined!.acknowledger.send({ task, address, position }, { attempt, signal });
      this.#step(
        outcome.kind === "answered"
          ? { kind: "acknowledged", task, session }
          : { kind: "acknowledgeFailed", task, session, gone: outcome.kind === "gone" },
      );
    } catch (error) {
      this.#end({ kind: "failed", error });
    }
  }
}
