import { setImmediate } from "node:timers";
import { FakeClock, InternalError, SeededRandom, silentLog } from "../../../src/base/mod.ts";
import { type Element, portableCodecs } from "../../../src/element/mod.ts";
import type { ElementIterator } from "../../../src/executor/mod.ts";
import { type GraphNode, serializeGraph, ShardingPolicy, sourcesOf } from "../../../src/graph/mod.ts";
import { memoryFileSystem } from "../../../src/sources/mod.ts";
import type { Item } from "../../../src/worker/core/session.ts";
import type { InProcessHostOptions } from "../../../src/worker/host/in_process.ts";
import type { TaskDefinition } from "../../../src/worker/host/task_host.ts";
import type { LaneFactory, LaneListener } from "../../../src/worker/lanes/lane_port.ts";
import type { FromLane, ToLane } from "../../../src/worker/lanes/messages.ts";
import { serveLane } from "../../../src/worker/lanes/serve_lane.ts";
import type { Block } from "../../../src/worker/runners/block_packer.ts";
import type { BlockSink, BlockSource, MakeBlockSource } from "../../../src/worker/runners/block_source.ts";
import { testContext } from "../../executor/support.ts";
import { elementsOf } from "../support/decode.ts";

/** A clock that goes on by itself: whoever works between two looks at it seems busy for that long. */
export class RunningClock extends FakeClock {
  #looks = 0;
  readonly #msALook: number;

  constructor(msALook = 1) {
    super();
    this.#msALook = msALook;
  }

  override now(): number {
    return super.now() + this.#msALook * this.#looks++;
  }
}

/** A clock that goes on by a millisecond with each element that {@linkcode BusyClock.busy} lets through. */
export class BusyClock extends FakeClock {
  #worked = 0;

  override now(): number {
    return super.now() + this.#worked;
  }

  /** The iterator, with the time that its elements take. */
  busy(iterator: ElementIterator<Element>): ElementIterator<Element> {
    return {
      next: () => {
        this.#worked++;
        return iterator.next();
      },
      close: () => iterator.close(),
    };
  }
}

/** Lets the event loop turn until nothing is under way between lanes in this thread. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => void setImmediate(resolve));
}

/** Lanes in this thread: messages are cloned, buffers transferred, and arrive a turn of the event loop later. */
export class LoopbackLanes implements LaneFactory {
  opened = 0;
  terminated = 0;
  readonly fromLanes: FromLane[] = [];
  readonly listeners: LaneListener[] = [];
  /** Lanes that are opened from now on never say that they are ready. */
  stuck = false;

  open(listener: LaneListener): ReturnType<LaneFactory["open"]> {
    this.opened++;
    this.listeners.push(listener);
    let over = false;
    const later = <M>(take: (message: M) => void) => (message: M, transfer: ArrayBuffer[] = []) => {
      const sent = structuredClone(message, { transfer });
      setImmediate(() => {
        if (!over) take(sent);
      });
    };
    let take: ((message: ToLane) => void) | null = null;
    if (!this.stuck) {
      const post = later((message: FromLane) => {
        this.fromLanes.push(message);
        listener.message(message);
      });
      const { clock, random, log, files, Dataset, dataService } = testContext({ clock: new RunningClock() });
      take = serveLane({ post, poll: () => {} }, { clock, random, log, files, Dataset, dataService });
    }
    return {
      post: later((message: ToLane) => take?.(message)),
      poll: () => {},
      terminate: () => {
        if (!over) this.terminated++;
        over = true;
      },
    };
  }

  /** How many blocks and errors came from lanes. */
  get items(): number {
    return this.fromLanes.filter(({ kind }) => kind === "block" || kind === "error").length;
  }
}

/** The splits of a graph's sources as the dispatcher leases them: `size` indexes at a time, to whoever asks. */
export function dispatcherOf(root: GraphNode, size = 64): InProcessHostOptions["dispatcher"] {
  const sources = sourcesOf(root).map(({ count }) => ({ count, repetition: 0, next: 0 }));
  return {
    getSplit: (request) => {
      const { sourceIndex = 0, repetition = 0n } = request;
      const source = sources[sourceIndex];
      const wanted = Number(repetition);
      if (wanted > source.repetition) Object.assign(source, { repetition: wanted, next: 0 });
      const ended = wanted < source.repetition || source.next >= source.count;
      const start = source.next;
      const end = ended ? start : Math.min(source.count, start + size);
      source.next = end;
      const splits = ended ? [] : [{
        start: BigInt(start),
        end: BigInt(end),
        names: [] as string[],
        repetition,
        consumed: new Uint8Array(),
      }];
      return Promise.resolve({
        splits,
        endOfSplits: ended,
        sourceIsEmpty: source.count === 0,
        currentRepetition: 0n,
        // deno-lint-ignore no-explicit-any -- the message's other fields are protobuf's own
      } as any);
    },
  };
}

/** What {@linkcode openPipeline} and hosts take, for a dataset of its own. */
export function hostOptions(
  root: GraphNode,
  { factory, lanes, clock = new RunningClock() }: { factory?: LaneFactory; lanes: number; clock?: FakeClock },
): InProcessHostOptions {
  const { files, Dataset, dataService } = testContext({ files: memoryFileSystem({}) });
  return {
    clock,
    random: new SeededRandom(7),
    log: silentLog,
    codecs: portableCodecs,
    files,
    Dataset,
    dataService,
    dispatcher: dispatcherOf(root),
    dispatcherTimeoutMs: 1_000,
    ...(factory && { lanes: { count: lanes, factory } }),
  };
}

/** A task of a dynamically sharded dataset; or, with another policy, of one that is not sharded. */
export function definition(policy: number = ShardingPolicy.DYNAMIC): TaskDefinition {
  return {
    taskId: 1n,
    iterationId: 1n,
    jobId: 1n,
    datasetId: "1",
    policy,
    repetition: 0,
    numWorkers: 1,
    workerIndex: 0,
    numConsumers: null,
    useCrossTrainerCache: false,
    compression: "NONE",
  } as unknown as TaskDefinition;
}

/** Gives the bytes of a graph. */
export function loaderOf(root: GraphNode): () => Promise<Uint8Array> {
  return () => Promise.resolve(serializeGraph(root));
}

/** A sink that keeps what it gets, as long as there is room. */
export class KeepingSink implements BlockSink {
  room = Infinity;
  hungry = true;
  ended = 0;
  readonly items: Item<Block>[] = [];
  readonly source: BlockSource;
  #onEnd: () => void = () => {};

  constructor(make: MakeBlockSource) {
    this.source = make(this);
  }

  get wantsMore(): boolean {
    return this.items.length < this.room && this.ended === 0;
  }

  offer(item: Item<Block>): void {
    if (this.ended > 0) throw new InternalError("The source goes on after its end");
    this.items.push(item);
  }

  end(): void {
    this.ended++;
    this.#onEnd();
  }

  /** Reads to the end. */
  async toEnd(): Promise<Element[]> {
    const ended = new Promise<void>((resolve) => this.#onEnd = resolve);
    this.source.poke();
    if (this.ended === 0) await ended;
    return this.elements();
  }

  /** The elements so far; errors show as their messages in braces. */
  elements(): Element[] {
    return this.items.flatMap((item) =>
      item.kind === "block"
        ? elementsOf(item.block.chunks, item.block)
        : [`{${(item.error as Error).message}}`]
    );
  }
}

/** Elements as a multiset. */
export function sorted(elements: readonly Element[]): string[] {
  const show = (element: Element): string =>
    ArrayBuffer.isView(element)
      ? `[${Array.from(element as unknown as Iterable<unknown>)}]`
      : JSON.stringify(element);
  return elements.map(show).sort();
}
