/** The dispatcher, assembled from its core, a journal and the ports of its surroundings. */

import type { ConnectRouter } from "@connectrpc/connect";
import {
  type Clock,
  FailedPreconditionError,
  type Log,
  type MaybePromise,
  type Random,
  UnavailableError,
} from "../base/mod.ts";
import { fingerprint } from "../graph/mod.ts";
import type { PlainUnary, WorkerClient } from "../rpc/mod.ts";
import { addressTask } from "./core/address_task.ts";
import { beginRun } from "./core/begin_run.ts";
import { DispatcherCore } from "./core/core.ts";
import type { Handler } from "./core/decision.ts";
import { drainWorker } from "./core/unregister_worker.ts";
import { checkSettings, type DispatcherSettings } from "./core/settings.ts";
import type { Journal } from "./journal/journal.ts";
import { Loop } from "./loop.ts";
import { Maintenance } from "./maintenance.ts";
import { plainDispatcherMethods } from "./plain_service.ts";
import { ReaderReplies } from "./protocol/reader_replies.ts";
import { pushTasks } from "./push_tasks.ts";
import { routeDispatcherService, type ServiceParts } from "./service.ts";
import type { DatasetFormat } from "./splits/dataset_format.ts";
import { FormatRegistry } from "./splits/format_registry.ts";
import { sluiceFormat } from "./splits/sluice_format.ts";
import { SplitPlanner } from "./splits/split_planner.ts";
import { type DispatcherStatus, statusOf } from "./status.ts";
import { TaskRemovals } from "./task_removals.ts";
import { chooseLink, type LinkTo, sluiceLink, type WorkerLink } from "./worker_link.ts";

/** What a dispatcher is made of. */
export interface DispatcherOptions {
  /** The completed configuration; checked at once. */
  config: DispatcherSettings;
  clock: Clock;
  random: Random;
  log: Log;
  /** Opened and closed by the dispatcher. */
  journal: Journal;
  /** The files that patterns stand for, in the order of the patterns. Its errors reach the reader that begins the iteration. */
  listFiles(patterns: readonly string[]): Promise<string[]>;
  /** A client for handing tasks to the worker at an address. */
  workerClient(address: string): WorkerClient;
  /** SHA-256 of a graph, in hex. @default that of any engine, which makes it in another thread */
  fingerprint?: (graph: Uint8Array) => MaybePromise<string>;
  /**
   * Names the time since the machine was started, through which what was written to the journal and not synced lasts.
   *
   * @default not known: everything waits for the disk
   */
  bootId?: string;
  /** How workers are reached that run datasets of other formats, by those formats. @default none */
  links?: Readonly<Record<string, WorkerLink>>;
  /** The dataset formats that are taken. @default Sluice's own graphs */
  formats?: readonly DatasetFormat[];
}

/** A dispatcher. */
export interface Dispatcher {
  /**
   * Replays the journal and begins to serve; calling it again waits for the same start.
   *
   * @throws {FailedPreconditionError} after `stop()`
   * @throws {DataLossError} for a damaged journal
   */
  start(): Promise<void>;
  /** Registers its service. Requests outside of serving get UnavailableError. */
  routes(router: ConnectRouter): void;
  /** The methods of that service that may be answered beside the router, with the same answers. */
  plainMethods(): PlainUnary[];
  /** What services of other protocols work with. */
  readonly parts: ServiceParts;
  /**
   * Takes a worker's tasks from it and gives it no more: what its readers have not taken goes to other workers. Its next
   * heartbeat tells it to end.
   *
   * @throws {NotFoundError} if there is no such worker
   */
  drainWorker(address: string): Promise<void>;
  /** What it knows. */
  status(): DispatcherStatus;
  /** Refuses further requests, waits until what it decided is durable, and closes the journal. Stopping twice is fine. */
  stop(): Promise<void>;
}

/** Makes a dispatcher that does not serve yet. @throws {InvalidArgumentError} for a bad configuration */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  checkSettings(options.config);
  return new DispatcherShell(options);
}

/**
 * - `new`: nothing has happened. Left by start() and stop().
 * - `recovering`: the journal is being replayed. Left when that ends, or by stop().
 * - `serving`: requests are answered. Left by stop(), or when the journal fails.
 * - `failed`: the journal takes nothing. Left when it does again, or by stop().
 * - `stopped`: the end.
 */
type Phase =
  | { kind: "new" }
  | { kind: "recovering"; started: Promise<void> }
  | { kind: "serving"; started: Promise<void>; maintenance: Maintenance }
  | { kind: "failed"; started: Promise<void>; maintenance: Maintenance; error: UnavailableError }
  | { kind: "stopped"; done: Promise<void> };

class DispatcherShell implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #core: DispatcherCore;
  readonly #loop: Loop;
  readonly #linkTo: LinkTo;
  readonly parts: ServiceParts;
  readonly #stopping = new AbortController();
  #phase: Phase = { kind: "new" };

  constructor(options: DispatcherOptions) {
    const { config, clock, journal, random, formats = [sluiceFormat] } = options;
    this.#options = options;
    this.#core = new DispatcherCore(config, { durable: journal.durable });
    const own = sluiceLink((address) => options.workerClient(address));
    this.#linkTo = chooseLink(this.#core.state, own, options.links ?? {});
    this.#loop = new Loop({
      core: this.#core,
      journal,
      clock,
      random,
      execute: (commands) =>
        pushTasks(this.#core.state, commands.map(({ taskId }) => taskId), {
          ...options,
          linkTo: this.#linkTo,
          onAddresses: (answer) => this.#run(addressTask, answer),
          signal: this.#stopping.signal,
        }),
      onFailure: (error) => this.#fail(error),
      onRecovery: (ms) => this.#goOn(ms),
      signal: this.#stopping.signal,
    });
    const core = this.#core;
    const registry = new FormatRegistry(formats);
    this.parts = {
      settings: config,
      random,
      formats: registry,
      fingerprint: options.fingerprint ?? fingerprint,
      planner: new SplitPlanner(registry, { listFiles: (patterns) => options.listFiles(patterns), random }),
      removals: new TaskRemovals({
        clock,
        signal: this.#stopping.signal,
        run: (handler, request) => this.#run(handler, request),
      }),
      readerReplies: new ReaderReplies(config.deploymentMode, random),
      get state() {
        return core.state;
      },
      checkServing: () => this.#checkServing(),
      run: (handler, request) => this.#run(handler, request),
      settled: () => this.#loop.isSettled ? undefined : this.#loop.settled(),
      decide: (handler, request) => {
        this.#checkServing();
        return this.#loop.decide(handler, request);
      },
    };
  }

  start(): Promise<void> {
    switch (this.#phase.kind) {
      case "new": {
        const started = this.#recover();
        this.#phase = { kind: "recovering", started };
        return started;
      }
      case "recovering":
      case "serving":
      case "failed":
        return this.#phase.started;
      case "stopped":
        return Promise.reject(
          new FailedPreconditionError("Server cannot be started after it has been stopped"),
        );
    }
  }

  async #recover(): Promise<void> {
    const { journal, clock, config, log } = this.#options;
    let updates = 0;
    for await (const entry of journal.replay()) {
      if (entry.type === "snapshot") this.#core.restore(entry.state);
      else this.#core.replay(entry);
      updates++;
    }
    if (this.#phase.kind !== "recovering") return;
    this.#core.recovered(clock.now());
    await this.#loop.run(beginRun, journal.durable ? this.#options.bootId ?? null : null);
    if (this.#phase.kind !== "recovering") return;
    if (updates > 0) log.info("Recovered the dispatcher's state", { updates });
    const maintenance = new Maintenance({
      ...this.#options,
      linkTo: this.#linkTo,
      core: this.#core,
      loop: this.#loop,
      settings: config,
      signal: this.#stopping.signal,
    });
    this.#phase = { kind: "serving", started: this.#phase.started, maintenance };
  }

  routes(router: ConnectRouter): void {
    routeDispatcherService(router, this.parts);
  }

  plainMethods(): PlainUnary[] {
    return plainDispatcherMethods(this.parts);
  }

  async drainWorker(address: string): Promise<void> {
    await this.#run(drainWorker, address);
  }

  status(): DispatcherStatus {
    return statusOf(this.#core.state, this.#core.notes);
  }

  stop(): Promise<void> {
    if (this.#phase.kind === "stopped") return this.#phase.done;
    const done = this.#shutDown(this.#phase);
    this.#phase = { kind: "stopped", done };
    return done;
  }

  async #shutDown(phase: Phase): Promise<void> {
    this.#stopping.abort(new UnavailableError("Dispatcher is stopping"));
    if ("maintenance" in phase) phase.maintenance.stop();
    if (phase.kind === "recovering") await phase.started.catch(() => {});
    // A failed journal was reported when it failed; it is closed all the same.
    await this.#loop.settled().catch(() => {});
    await this.#options.journal.close();
  }

  #checkServing(): void {
    if (this.#phase.kind === "serving") return;
    if (this.#phase.kind === "failed") throw this.#phase.error;
    throw new UnavailableError(`Dispatcher has not started yet. Its state is "${this.#phase.kind}"`);
  }

  // deno-lint-ignore require-await -- a refusal is a rejection, as all others are
  async #run<Q, R>(handler: Handler<Q, R>, request: Q): Promise<R> {
    this.#checkServing();
    return this.#loop.run(handler, request);
  }

  #fail(error: UnavailableError): void {
    this.#options.log.warn(error.message);
    if (this.#phase.kind !== "serving") return;
    this.#phase.maintenance.pause();
    this.#phase = { ...this.#phase, kind: "failed", error };
  }

  /** After a failure of `ms`, in which nobody was listened to. */
  #goOn(ms: number): void {
    if (this.#phase.kind !== "failed") return;
    this.#options.log.warn("The journal takes updates again, and the dispatcher goes on", {
      afterSeconds: Math.round(ms / 1_000),
    });
    this.#core.excuse(ms);
    const { started, maintenance } = this.#phase;
    this.#phase = { kind: "serving", started, maintenance };
    maintenance.resume();
  }
}
