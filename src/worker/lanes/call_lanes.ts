import { CanceledError, InternalError, type Log } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import { type CallSpreader, Failure, type SpreadFunction } from "../../executor/mod.ts";
import type { FunctionRef } from "../../graph/mod.ts";
import type { LaneFactory, LanePort } from "./lane_port.ts";
import type { FromLane } from "./messages.ts";
import { packElements, unpackElements } from "./packed_block.ts";
import { receiveError } from "./sent_error.ts";

/** What {@linkcode CallLanes} work with. */
export interface CallLanesOptions {
  factory: LaneFactory;
  /** Most lanes beside this thread. */
  count: number;
  /** The code of the modules that travelled with the graph, by hash. */
  modules: ReadonlyMap<string, string>;
  log: Log;
}

type Outcomes = readonly (Element | Failure)[];

// One batch is computed while the next one waits behind it, so that the lane need not wait for this thread.
const CALLS_A_LANE = 2;

interface OpenFunction {
  readonly id: number;
  readonly ref: FunctionRef;
  readonly operator: string;
}

/**
 * The lanes of one task that call functions for its single pipeline. They are started when the first function is
 * opened, and serve every function of the pipeline.
 */
export class CallLanes implements CallSpreader {
  readonly #options: CallLanesOptions;
  #lanes: CallLane[] = [];
  #functions = 0;
  #stopped = false;

  /** Starts nothing yet. */
  constructor(options: CallLanesOptions) {
    this.#options = options;
  }

  open(ref: FunctionRef, { operator, threads }: { operator: string; threads: number }): SpreadFunction {
    const { factory, count, modules, log } = this.#options;
    const wanted = this.#stopped ? 0 : Math.min(threads, count);
    while (this.#lanes.length < wanted) this.#lanes.push(new CallLane(factory, modules, log));
    const lanes = this.#lanes.slice(0, wanted);
    const fn: OpenFunction = { id: this.#functions++, ref, operator };
    const freest = () => {
      const free = lanes.filter((lane) => lane.free);
      return free.reduce<CallLane | undefined>(
        (best, lane) => best && best.calls <= lane.calls ? best : lane,
        undefined,
      );
    };
    return {
      threads: wanted,
      get free() {
        return lanes.some((lane) => lane.free);
      },
      call: (first, elements) => freest()!.call(fn, first, elements),
      close: () => lanes.forEach((lane) => lane.forget(fn)),
    };
  }

  poll(): void {
    for (const lane of this.#lanes) lane.poll();
  }

  /** Ends the lanes; calls that are under way fail. Idempotent. */
  stop(): void {
    this.#stopped = true;
    for (const lane of this.#lanes.splice(0)) lane.stop();
  }
}

class CallLane {
  readonly #port: LanePort;
  readonly #modules: ReadonlyMap<string, string>;
  readonly #log: Log;
  readonly #defined = new Set<number>();
  readonly #calls = new Map<number, { readonly size: number; resolve(outcomes: Outcomes): void }>();
  #ids = 0;
  #state: "starting" | "ready" | "over" = "starting";

  constructor(factory: LaneFactory, modules: ReadonlyMap<string, string>, log: Log) {
    this.#modules = modules;
    this.#log = log;
    this.#port = factory.open({
      message: (message) => this.#take(message),
      broken: (error) => this.#broken(error),
    });
  }

  get calls(): number {
    return this.#calls.size;
  }

  get free(): boolean {
    return this.#state === "ready" && this.#calls.size < CALLS_A_LANE;
  }

  call(fn: OpenFunction, first: number, elements: readonly Element[]): Promise<Outcomes> {
    const packed = packElements(elements);
    this.#define(fn);
    const id = this.#ids++;
    return new Promise((resolve) => {
      this.#calls.set(id, { size: elements.length, resolve });
      this.#port.post({ kind: "call", id, fn: fn.id, first, elements: packed }, [packed.bytes]);
    });
  }

  forget({ id }: OpenFunction): void {
    if (this.#defined.delete(id)) this.#port.post({ kind: "forget", fn: id });
  }

  poll(): void {
    if (this.#state !== "over") this.#port.poll();
  }

  stop(): void {
    this.#end(new CanceledError("Cannot go on calling: the pipeline has been closed"));
  }

  #define({ id, ref, operator }: OpenFunction): void {
    if (this.#defined.has(id)) return;
    this.#defined.add(id);
    const code = ref.kind === "module" && ref.hash ? this.#modules.get(ref.hash) ?? null : null;
    this.#port.post({ kind: "define", fn: id, ref, operator, code });
  }

  #take(message: FromLane): void {
    if (message.kind === "ready") this.#state = "ready";
    if (message.kind !== "result") return;
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    const outcomes: (Element | Failure)[] = unpackElements(message.elements);
    for (const { at, error } of message.errors) outcomes[at] = new Failure(receiveError(error));
    call?.resolve(outcomes);
  }

  #broken(error: Error): void {
    if (this.#state === "starting") {
      this.#log.warn("Could not start a lane, going on with fewer threads", { reason: error.message });
    }
    this.#end(
      new InternalError(`Cannot call the function: its lane has ended: ${error.message}`, { cause: error }),
    );
  }

  #end(reason: Error): void {
    this.#state = "over";
    this.#port.terminate(this.#calls.size === 0);
    for (const { size, resolve } of this.#calls.values()) resolve(Array(size).fill(new Failure(reason)));
    this.#calls.clear();
  }
}
