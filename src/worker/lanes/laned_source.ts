import { assertNever, type Clock, InternalError, type Log } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { ElementIterator, SplitSupply } from "../../executor/mod.ts";
import type { Item } from "../core/session.ts";
import type { Block, BlockPackerOptions } from "../runners/block_packer.ts";
import { BlockProducer } from "../runners/block_producer.ts";
import type { BlockSink, BlockSource } from "../runners/block_source.ts";
import type { TurnLoop } from "../runners/yield_to_loop.ts";
import { LaneGauge } from "./lane_gauge.ts";
import type { LaneFactory, LanePort } from "./lane_port.ts";
import type { FromLane, LanePipeline } from "./messages.ts";
import { unpackBlock } from "./packed_block.ts";
import { receiveError, sendError } from "./sent_error.ts";

/** A pipeline that may have further instances in lanes. */
export interface OpenedPipeline {
  /** The instance of this thread. */
  readonly iterator: ElementIterator<Element>;
  /** What further instances are made of; null: there must be one only. */
  readonly others: {
    /** Most of them. */
    readonly count: number;
    readonly pipeline: Omit<LanePipeline, "credit">;
    /** Where all instances get their splits from. */
    readonly splits: SplitSupply;
  } | null;
}

/** What a {@linkcode LanedSource} works with. */
export interface LanedSourceOptions extends BlockPackerOptions {
  /** Builds the pipeline. Called at the first need, and again for the next reader if it fails. */
  open: (signal: AbortSignal) => Promise<OpenedPipeline>;
  /** Starts lanes; without it there are none. */
  lanes?: { readonly factory: LaneFactory };
  clock: Clock;
  log: Log;
  /** How long an element may wait for others while a reader has nothing, in milliseconds. @default 2 */
  lingerMs?: number | undefined;
  /** Lets others have this thread. @default a turn of the event loop */
  turnLoop?: TurnLoop | undefined;
  /** Lanes left elements out. @default nobody counts */
  onLeftOut?: (count: number) => void;
}

interface Lane {
  readonly port: LanePort;
  state: "starting" | "running" | "over";
  /** The spec of its latest block: one object as long as the spec stays. */
  spec: Uint8Array<ArrayBuffer> | null;
}

/** What came from a lane and waits for a reader with room; a lane that has ended wants no credit for it. */
interface Arrived {
  readonly item: Item<Block>;
  readonly lane: Lane;
}

// One block on its way or waiting for a reader while the next one is made.
const BLOCKS_A_LANE = 2;

/**
 * A pipeline that begins in this thread and gets further instances in lanes while that pays. Each instance reads
 * splits of its own; together they give what one would, in another order.
 */
export class LanedSource implements BlockSource {
  readonly #options: LanedSourceOptions;
  readonly #sink: BlockSink;
  readonly #producer: BlockProducer;
  readonly #gauge = new LaneGauge();
  #others: OpenedPipeline["others"] = null;
  #lanes: Lane[] = [];
  #arrived: Arrived[] = [];
  #ownEnded = false;
  #over = false;

  /** Makes a source; nothing happens before {@linkcode LanedSource.poke}. */
  constructor(sink: BlockSink, options: LanedSourceOptions) {
    this.#options = options;
    this.#sink = sink;
    const { clock, log, lingerMs, targetBytes, smallHeap, ledger, turnLoop } = options;
    this.#producer = new BlockProducer({
      open: async (signal) => {
        const { iterator, others } = await options.open(signal);
        this.#others = others;
        return iterator;
      },
      sink: {
        get wantsMore() {
          return sink.wantsMore;
        },
        get hungry() {
          return sink.hungry;
        },
        offer: (item) => this.#offerOwn(item),
        end: () => {
          this.#ownEnded = true;
          this.#endIdleLanes();
          this.#drain();
        },
      },
      ...(options.lanes && { worked: (now, ms) => this.#worked(now, ms) }),
      clock,
      log,
      turnLoop,
      ...(lingerMs !== undefined && { lingerMs }),
      ...(targetBytes !== undefined && { targetBytes }),
      smallHeap,
      ledger,
    });
  }

  poke(): void {
    this.#drain();
    this.#producer.poke();
  }

  async stop(reason: unknown): Promise<void> {
    this.#over = true;
    this.#arrived = [];
    for (const lane of this.#lanes) this.#finish(lane);
    await this.#producer.stop(reason);
  }

  #worked(now: number, ms: number): void {
    this.#gauge.worked(now, ms);
    for (const lane of this.#lanes) if (lane.state !== "over") lane.port.poll();
  }

  #offerOwn(item: Item<Block>): void {
    const { hungry } = this.#sink;
    this.#sink.offer(item);
    if (item.kind === "error" || !this.#wantsLane()) return;
    if (this.#gauge.block(this.#options.clock.now(), { bytes: item.bytes, hungry })) this.#addLane();
  }

  /** Whether it is to be found out if another lane pays. While one is starting it is not known what the last one gave. */
  #wantsLane(): boolean {
    return this.#options.lanes !== undefined && this.#others !== null &&
      this.#lanes.length < this.#others.count &&
      !this.#lanes.some((lane) => lane.state === "starting");
  }

  #addLane(): void {
    const port = this.#options.lanes!.factory.open({
      message: (message) => this.#take(lane, message),
      broken: (error) => this.#broken(lane, error),
    });
    const lane: Lane = { port, state: "starting", spec: null };
    this.#lanes.push(lane);
  }

  #take(lane: Lane, message: FromLane): void {
    if (lane.state === "over") return;
    switch (message.kind) {
      case "ready":
        lane.state = "running";
        this.#gauge.reset();
        lane.port.post({ kind: "run", pipeline: { ...this.#others!.pipeline, credit: BLOCKS_A_LANE } });
        return;
      case "ask":
        void this.#answer(lane, message);
        return;
      case "leftOut":
        return this.#options.onLeftOut?.(message.count);
      case "block": {
        const block = unpackBlock(message.block, lane.spec);
        lane.spec = block.spec;
        return this.#arrive({
          item: { kind: "block", block, bytes: block.byteLength, count: block.count },
          lane,
        });
      }
      case "error":
        return this.#arrive({ item: { kind: "error", error: receiveError(message.error) }, lane });
      case "end":
        this.#finish(lane, { isIdle: true });
        return this.#drain();
      case "result":
        throw new InternalError("A lane gave the result of a call that nobody made");
      default:
        assertNever(message);
    }
  }

  async #answer(lane: Lane, { id, source, repetition }: Extract<FromLane, { kind: "ask" }>): Promise<void> {
    const { splits } = this.#others!;
    try {
      const split = await splits.next(source, repetition);
      lane.port.post({
        kind: "splits",
        id,
        grant: { splits: split ? [split] : [], ended: split === null, sourceIsEmpty: splits.isEmpty(source) },
      });
    } catch (error) {
      lane.port.post({ kind: "noSplits", id, error: sendError(error) });
    }
  }

  #arrive(arrived: Arrived): void {
    this.#arrived.push(arrived);
    this.#drain();
  }

  /** Gives what has arrived to the sink, as far as it wants it, and says when all is given. */
  #drain(): void {
    while (!this.#over && this.#arrived.length > 0 && this.#sink.wantsMore) {
      const { item, lane } = this.#arrived.shift()!;
      if (lane.state === "running") lane.port.post({ kind: "credit" });
      this.#sink.offer(item);
    }
    const ended = this.#ownEnded && this.#lanes.every((lane) => lane.state === "over");
    if (this.#over || !ended || this.#arrived.length > 0) return;
    this.#over = true;
    this.#sink.end();
  }

  /** A lane that is still starting when this thread's instance has ended would find nothing left to read. */
  #endIdleLanes(): void {
    for (const lane of this.#lanes) if (lane.state === "starting") this.#finish(lane);
  }

  #broken(lane: Lane, error: Error): void {
    if (lane.state === "over") return;
    const wasRunning = lane.state === "running";
    this.#finish(lane);
    if (wasRunning) {
      // What it had begun to read is lost, and nobody else will read it: that must not look like the end.
      const reason = new InternalError(
        `Cannot go on reading: a lane of the pipeline has ended: ${error.message}`,
        {
          cause: error,
        },
      );
      return this.#arrive({ item: { kind: "error", error: reason }, lane });
    }
    this.#options.log.warn("Could not start a lane, going on with fewer threads", { reason: error.message });
    this.#drain();
  }

  #finish(lane: Lane, { isIdle = lane.state === "starting" } = {}): void {
    lane.state = "over";
    lane.port.terminate(isIdle);
  }
}
