import { type Clock, type Log, messageOf, type Timer } from "../../../base/mod.ts";
import type { HostProcess } from "./host_process.ts";

/** What a {@linkcode ProcessPool} works with. */
export interface ProcessPoolOptions {
  /** How many processes without a task are kept ready; as many again that had one. */
  readonly size: number;
  /** Starts a process. */
  readonly spawn: () => HostProcess;
  readonly clock: Clock;
  readonly log: Log;
}

/** A process that had a task. */
interface Rested {
  readonly process: HostProcess;
  /** What it ran. */
  readonly graph: Uint8Array;
  readonly expiry: Timer;
}

// A process that is started while the former one builds its pipeline would take the processor from it.
const REFILL_AFTER_MS = 250;

/** The next pass over a dataset comes at once, or the process's memory is worth more than its start. */
const RESTED_MS = 10_000;

/**
 * Processes that have been started before anybody needs them. One that had a task is kept a moment for the next task
 * of the very same graph, whose functions can find in it only what they left there themselves; no other gets it.
 */
export class ProcessPool {
  readonly #options: ProcessPoolOptions;
  #warm: HostProcess[] = [];
  #rested: Rested[] = [];
  #refill: Timer | null = null;
  #stopped = false;

  /** Makes an empty pool. */
  constructor(options: ProcessPoolOptions) {
    this.#options = options;
  }

  /** Whether it takes processes back. */
  get isOpen(): boolean {
    return !this.#stopped && this.#options.size > 0;
  }

  /**
   * Starts what is missing.
   *
   * @throws {PermissionDeniedError} if this program may not start processes
   */
  fill(): void {
    while (!this.#stopped && this.#warm.length < this.#options.size) this.#warm.push(this.#start());
  }

  /**
   * A process without a task: one that ran this graph before, or one that is warm, where there is one. Throws as
   * {@linkcode ProcessPool.fill} does.
   */
  take(graph?: Uint8Array): HostProcess {
    const known = this.#rested.findLast((rested) => graph !== undefined && sameBytes(rested.graph, graph));
    if (known) {
      this.#forget(known);
      return known.process;
    }
    const process = this.#warm.shift() ?? this.#options.spawn();
    this.#refill ??= this.#options.clock.setTimer(() => {
      this.#refill = null;
      try {
        this.fill();
      } catch (error) {
        this.#warn(error);
      }
    }, REFILL_AFTER_MS);
    return process;
  }

  /** Takes a process back that has run tasks of `graph`; undefined: it is not known what it has run. */
  giveBack(process: HostProcess, graph: Uint8Array | undefined): void {
    const { size, clock } = this.#options;
    if (!this.isOpen || graph === undefined) return void process.stop(null);
    if (this.#rested.length >= size) this.#end(this.#rested[0]);
    const expiry = clock.setTimer(() => this.#end(rested), RESTED_MS);
    const rested: Rested = { process, graph, expiry };
    this.#rested.push(rested);
    process.ended.then(() => this.#forget(rested));
  }

  /** Ends the processes that have no task. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#refill?.clear();
    await Promise.all([
      ...this.#warm.splice(0).map((process) => process.stop(null)),
      ...[...this.#rested].map((rested) => this.#end(rested)),
    ]);
  }

  #end(rested: Rested): Promise<void> {
    this.#forget(rested);
    return rested.process.stop(null);
  }

  #forget(rested: Rested): void {
    rested.expiry.clear();
    this.#rested = this.#rested.filter((other) => other !== rested);
  }

  #start(): HostProcess {
    const process = this.#options.spawn();
    process.ended.then((reason) => {
      const place = this.#warm.indexOf(process);
      if (place < 0) return;
      // It is not replaced before somebody needs one: what ended it would end the next one too, over and over.
      this.#warm.splice(place, 1);
      if (!this.#stopped) this.#warn(reason);
    });
    return process;
  }

  #warn(reason: unknown): void {
    this.#options.log.warn("A task process that was kept ready is gone", { reason: messageOf(reason) });
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
