import { assertNever, FailedPreconditionError, type MaybePromise, type Timer } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { ElementIterator, Pulled } from "../executor/mod.ts";
import type { ClientHeartbeatResponse } from "../gen/sluice/v1/dispatcher_pb.ts";
import { isRetryable } from "../rpc/mod.ts";
import { callWithDeadline } from "./call_with_deadline.ts";
import { CoordinatedCore } from "./core/coordinated_core.ts";
import type { Ask, CoordinatedCommand, CoordinatedEvent } from "./core/coordinated_events.ts";
import { DEFAULT_BUFFER_BYTES } from "./core/window.ts";
import { DispatcherLink } from "./dispatcher_link.ts";
import { ElementRequests } from "./element_requests.ts";
import { releaseClient } from "./farewell.ts";
import { HeartbeatLoop } from "./heartbeat_loop.ts";
import { ReaderLife } from "./reader_life.ts";
import type { ServiceReaderOptions } from "./service_reader.ts";

/** What a coordinated reader is made of. */
export interface CoordinatedReaderOptions extends ServiceReaderOptions {
  readonly consumerIndex: number;
}

/** What a reader has once it is a client of an iteration. */
interface Joined {
  readonly clientId: bigint;
  readonly link: DispatcherLink;
  readonly heartbeats: HeartbeatLoop;
  readonly requests: ElementRequests;
}

type CommandOf<K extends CoordinatedCommand<Element>["kind"]> = Extract<
  CoordinatedCommand<Element>,
  { kind: K }
>;

/** While consumers wait for one another, they must hear soon that the wait is over, in milliseconds. */
const NEGOTIATING_MS = 100;

/** The dispatcher lets consumers that give a task up wait for each other for 10 s. */
const REMOVAL_TIMEOUT_MS = 15_000;

/**
 * Reads one pass over a dataset in step with the other consumers of its job: the shell around
 * {@linkcode CoordinatedCore}. Nothing is sent before the first pull; from then on it reads ahead by itself.
 */
export class CoordinatedReader implements ElementIterator<Element> {
  readonly #options: CoordinatedReaderOptions;
  readonly #core: CoordinatedCore<Element>;
  readonly #life: ReaderLife<Element>;

  #joined: Joined | null = null;
  #negotiation: Timer | null = null;
  /** The element that came up in the very step that asked for it. */
  #given: { readonly element: Element } | null = null;

  /** Prepares a reader; sends nothing. */
  constructor(options: CoordinatedReaderOptions) {
    const { maxOutstandingRequests } = options.node.options;
    this.#options = options;
    this.#life = new ReaderLife({
      clock: options.environment.clock,
      signal: options.signal,
      join: () => this.#join(),
      leave: () => {
        this.#negotiation?.clear();
        return [this.#releaseClient()];
      },
    });
    this.#core = new CoordinatedCore({ maxSlots: maxOutstandingRequests, maxBytes: DEFAULT_BUFFER_BYTES });
  }

  next(): MaybePromise<Pulled<Element>> {
    if (!this.#life.hasBegun) this.#life.begin();
    this.#step({ kind: "wanted" });
    const given = this.#given;
    this.#given = null;
    return given ? given.element : this.#life.wait();
  }

  /** As a consumer gets an element of each round, its elements have no numbers. */
  get position(): number {
    return 0;
  }

  get isSpent(): boolean {
    return false;
  }

  checkpoint(): never {
    throw new FailedPreconditionError(
      "Cannot make a checkpoint: the consumers of a coordinated read advance together",
    );
  }

  close(): Promise<void> {
    return this.#life.close();
  }

  // ---- life

  async #join(): Promise<void> {
    const { node, environment, jobs, consumerIndex } = this.#options;
    const { service, dispatcherTimeoutMs, taskRefreshIntervalMs } = node.options;
    const { signal } = this.#life;
    const link = new DispatcherLink(service, { environment, timeoutMs: dispatcherTimeoutMs });
    const { clientId, compression, state } = await jobs.begin(node, link, signal);
    const heartbeats = new HeartbeatLoop({
      link,
      clientId,
      intervalMs: taskRefreshIntervalMs,
      signal,
      onSend: () => this.#step({ kind: "heartbeatSent" }),
      report: () => {
        const { currentRound, blockedRound } = this.#core.report;
        return {
          currentRound: currentRound === null ? undefined : BigInt(currentRound),
          blockedRound: blockedRound === null ? undefined : BigInt(blockedRound),
        };
      },
      onAnswer: (answer) => this.#list(answer),
      isNeeded: () => this.#core.needsDispatcher,
    });
    const requests = new ElementRequests({ environment, consumerIndex, compression, signal });
    this.#joined = { clientId, link, heartbeats, requests };
    if (signal.aborted) return await this.#releaseClient(); // The leave was taken before there was a client.
    this.#list(state);
    heartbeats.run().catch((error) => this.#life.end({ kind: "failed", error }));
  }

  async #releaseClient(): Promise<void> {
    if (!this.#joined) return;
    await releaseClient(this.#joined.link, this.#joined.clientId);
  }

  // ---- between the core and the world

  #list({ tasks, iterationFinished, blockRound }: ClientHeartbeatResponse): void {
    this.#step({
      kind: "listed",
      iterationFinished,
      blockRound: blockRound === undefined ? null : Number(blockRound),
      tasks: tasks.map(({ taskId, workerAddress, dataAddresses, workerUid, finished, startingRound }) => ({
        id: taskId,
        address: workerAddress,
        // Calls do not go through unix sockets.
        dataAddresses: dataAddresses.filter((address) => /^https?:/.test(address)),
        workerUid,
        finished,
        startingRound: Number(startingRound),
      })),
    });
    this.#negotiation?.clear();
    this.#negotiation = null;
    if (this.#life.isOver || !this.#core.isNegotiating) return;
    const { clock } = this.#options.environment;
    this.#negotiation = clock.setTimer(() => this.#joined?.heartbeats.now(), NEGOTIATING_MS);
  }

  #step(event: CoordinatedEvent<Element>): void {
    if (this.#life.isOver) return;
    for (const command of this.#core.step(event)) this.#carryOut(command);
  }

  #carryOut(command: CoordinatedCommand<Element>): void {
    const { requests, heartbeats } = this.#joined!;
    switch (command.kind) {
      case "ask":
        return void this.#ask(command);
      case "remove":
        return void this.#remove(command);
      case "confirmEnd": {
        const { task } = command;
        return void requests.confirmEnd(command).then((isHeard) =>
          this.#step({ kind: "endConfirmed", task, isHeard })
        );
      }
      case "heartbeat":
        return heartbeats.now();
      case "handOver":
        return this.#handOver(command.element);
      case "fail":
        return this.#life.end({ kind: "failed", error: command.error });
      case "finish":
        return this.#life.end({ kind: "finished" });
      default:
        assertNever(command);
    }
  }

  async #ask(ask: Ask): Promise<void> {
    const { task, address, rounds } = ask;
    try {
      const reply = await this.#joined!.requests.ask(ask);
      if (reply === "failed") return this.#step({ kind: "askFailed", task, address, rounds });
      for (const { round, answer } of reply.answers) this.#step({ kind: "answered", task, round, answer });
      if (reply.unanswered.length > 0) this.#step({ kind: "unanswered", task, rounds: reply.unanswered });
    } catch {
      // The reader is over.
    }
  }

  /** Asks the dispatcher once; the core tries the worker again if it says no, and then comes back. */
  async #remove({ task, round, untakenRound }: CommandOf<"remove">): Promise<void> {
    const { link } = this.#joined!;
    const { consumerIndex, environment: { clock } } = this.#options;
    const { signal } = this.#life;
    let removedRound: number | null = null;
    try {
      const request = {
        taskId: task,
        consumerIndex,
        round: BigInt(round),
        untakenRound: BigInt(untakenRound),
      };
      const answer = await callWithDeadline((call) => link.client.maybeRemoveTask(request, call), {
        clock,
        signal,
        timeoutMs: REMOVAL_TIMEOUT_MS,
      });
      if (answer.removed) removedRound = Number(answer.removedRound);
    } catch (error) {
      if (!isRetryable(error)) return this.#life.end({ kind: "failed", error });
    }
    this.#step({ kind: "removalAnswered", task, removedRound });
  }

  #handOver(element: Element): void {
    if (!this.#life.answer(() => element)) this.#given = { element };
  }
}
