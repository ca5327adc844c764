import { type Clock, isPromise, type Log, type MaybePromise, messageOf, type Timer } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import { DONE, type ElementIterator, type Pulled } from "../../executor/mod.ts";
import { BlockPacker, type BlockPackerOptions } from "./block_packer.ts";
import type { BlockSink, BlockSource } from "./block_source.ts";
import { Pacer } from "./pacer.ts";
import type { TurnLoop } from "./yield_to_loop.ts";

/** What a {@linkcode BlockProducer} works with. */
export interface BlockProducerOptions extends BlockPackerOptions {
  /** Builds the pipeline. Called at the first need, and again for the next reader if it fails. */
  open: (signal: AbortSignal) => MaybePromise<ElementIterator<Element>>;
  sink: BlockSink;
  clock: Clock;
  log: Log;
  /**
   * How long an element may wait for others while a reader has nothing, in milliseconds; up to eight times as long
   * while they come quickly. @default 2
   */
  lingerMs?: number;
  /** Lets others have the thread. @default a turn of the event loop */
  turnLoop?: TurnLoop | undefined;
  /** Told how long the pipeline kept the thread busy until `now`, in milliseconds. @default nobody asks */
  worked?: (now: number, ms: number) => void;
}

// Every block costs both sides: one every 2 ms took a fifth of what a map computes in that time. Where several elements
// come in the time that one may wait there will be more, and the next block waits twice as long.
const MANY_ELEMENTS = 3;
const MOST_LINGERS = 8;

type Outcome = "end" | "full" | "look";

/**
 * Pulls a pipeline and packs what it gives into blocks, as long as the sink wants more. Elements are pulled in a
 * tight loop without a promise; the clock is looked at once in a while.
 */
export class BlockProducer implements BlockSource {
  readonly #options: BlockProducerOptions;
  readonly #lingerMs: number;
  /** How long the block in the making may wait. */
  #patienceMs: number;
  readonly #abort = new AbortController();
  #packer: BlockPacker;
  readonly #pacer: Pacer;
  #iterator: ElementIterator<Element> | null = null;
  #failedToOpen = false;
  /** When the block in the packer was begun. */
  #begunAt = 0;
  /** Set while the pipeline makes us wait. */
  #waiting = false;
  #linger: { kind: "none" } | { kind: "running"; timer: Timer } | { kind: "over" } = { kind: "none" };
  #resume: (() => void) | null = null;
  /** How many elements may be pulled before the clock must be looked at. */
  #pullsLeft = 1;
  #state: "idle" | "running" | "stopped" = "idle";

  /** Makes a producer; nothing happens before {@linkcode BlockProducer.poke}. */
  constructor(options: BlockProducerOptions) {
    this.#options = options;
    this.#lingerMs = this.#patienceMs = options.lingerMs ?? 2;
    this.#packer = new BlockPacker(options);
    this.#pacer = new Pacer(options.clock, options.turnLoop);
  }

  poke(): void {
    if (this.#state === "idle") {
      this.#state = "running";
      this.#produce();
      return;
    }
    if (this.#waiting && this.#linger.kind === "over" && this.#options.sink.hungry) this.#flush();
    this.#resume?.();
  }

  async stop(reason: unknown): Promise<void> {
    if (this.#stopped) return;
    this.#state = "stopped";
    this.#clearLinger();
    this.#abort.abort(reason);
    this.#resume?.();
    // The run is not waited for: a user's function that never settles would hold up the worker's stop.
    await this.#close();
  }

  get #stopped(): boolean {
    return this.#state === "stopped";
  }

  async #produce(): Promise<void> {
    const { sink, clock } = this.#options;
    while (!this.#stopped) {
      // A pipeline that could not be built is tried again for a reader that waits, not in advance: by the time
      // that somebody comes, the reason may be gone.
      if (!sink.wantsMore || (this.#failedToOpen && !sink.hungry)) {
        await new Promise<void>((resolve) => this.#resume = resolve);
        this.#resume = null;
        continue;
      }
      const iterator = this.#iterator ?? await this.#open();
      if (!iterator) continue;
      const now = this.#pacer.begin();
      if (this.#packer.isEmpty) this.#begunAt = now;
      if (await this.#fill(iterator) === "ended") return;
      await this.#pacer.turn(clock.now(), { afterBlock: true });
    }
  }

  async #open(): Promise<ElementIterator<Element> | null> {
    try {
      const iterator = await this.#options.open(this.#abort.signal);
      this.#iterator = iterator;
      this.#failedToOpen = false;
      if (!this.#stopped) return iterator;
      await this.#close();
    } catch (error) {
      if (this.#stopped) return null;
      this.#failedToOpen = true;
      this.#options.sink.offer({ kind: "error", error });
    }
    return null;
  }

  /** Pulls until there is something for the sink. What is packed by then and not full stays for the next call. */
  async #fill(iterator: ElementIterator<Element>): Promise<"ended" | "offered"> {
    const { sink } = this.#options;
    for (;;) {
      let outcome: Outcome;
      try {
        const pumped = this.#options.worked ? this.#timedPump(iterator) : this.#pump(iterator);
        outcome = isPromise(pumped) ? this.#take(await this.#wait(pumped)) : pumped;
      } catch (error) {
        if (this.#stopped) return "ended";
        this.#flush();
        sink.offer({ kind: "error", error });
        return "offered";
      }
      if (this.#stopped) return "ended";
      if (outcome === "end") {
        this.#flush();
        sink.end();
        await this.#close();
        return "ended";
      }
      if (outcome === "full") {
        this.#flush();
        return "offered";
      }
      if (this.#pullsLeft > 0) continue;
      const now = this.#pacer.look();
      this.#pullsLeft = this.#pacer.pulls;
      const lingered = this.#linger.kind === "over" || now - this.#begunAt >= this.#patienceMs;
      if (lingered && !this.#packer.isEmpty && sink.hungry) {
        this.#flushLate();
        return "offered";
      }
      const turned = this.#pacer.turn(now);
      if (turned) await turned;
      if (this.#stopped) return "ended";
      if (!sink.wantsMore) return "offered";
    }
  }

  /** The hot loop: no promise, no clock, no allocation of its own for an element that is there. */
  #pump(iterator: ElementIterator<Element>): Outcome | Promise<Pulled<Element>> {
    const packer = this.#packer;
    let left = this.#pullsLeft;
    let outcome: Outcome | Promise<Pulled<Element>> = "look";
    while (left > 0) {
      left--;
      const pulled = iterator.next();
      if (isPromise(pulled)) {
        outcome = pulled;
        break;
      }
      if (pulled === DONE) {
        outcome = "end";
        break;
      }
      if (packer.add(pulled)) {
        outcome = "full";
        break;
      }
    }
    this.#pullsLeft = left;
    return outcome;
  }

  #timedPump(iterator: ElementIterator<Element>): Outcome | Promise<Pulled<Element>> {
    const { clock, worked } = this.#options;
    const began = clock.now();
    try {
      return this.#pump(iterator);
    } finally {
      const now = clock.now();
      worked?.(now, now - began);
    }
  }

  #take(pulled: Pulled<Element>): Outcome {
    if (pulled === DONE) return "end";
    return this.#packer.add(pulled) ? "full" : "look";
  }

  /** Waits for the pipeline. What is packed goes out after the linger time if a reader has nothing. */
  async #wait(pulled: Promise<Pulled<Element>>): Promise<Pulled<Element>> {
    if (!this.#packer.isEmpty && this.#linger.kind === "none") {
      const timer = this.#options.clock.setTimer(() => {
        this.#linger = { kind: "over" };
        if (this.#waiting && this.#options.sink.hungry) this.#flushLate();
      }, this.#patienceMs);
      this.#linger = { kind: "running", timer };
    }
    this.#waiting = true;
    try {
      return await pulled;
    } finally {
      this.#waiting = false;
    }
  }

  /** Sends what has waited for as long as it may. */
  #flushLate(): void {
    const lingers = this.#patienceMs / this.#lingerMs;
    const isQuick = this.#packer.count >= MANY_ELEMENTS * lingers;
    this.#patienceMs = isQuick ? Math.min(2 * lingers, MOST_LINGERS) * this.#lingerMs : this.#lingerMs;
    this.#flush();
  }

  #flush(): void {
    this.#clearLinger();
    const { sink } = this.#options;
    try {
      for (const block of this.#packer.finish()) {
        sink.offer({ kind: "block", block, bytes: block.byteLength, count: block.count });
      }
    } catch (error) {
      // A block that is too large for the engine, say. Thrown out of a timer it would end the whole worker.
      this.#packer = new BlockPacker(this.#options);
      sink.offer({ kind: "error", error });
    }
    this.#begunAt = this.#options.clock.now();
  }

  #clearLinger(): void {
    if (this.#linger.kind === "running") this.#linger.timer.clear();
    this.#linger = { kind: "none" };
  }

  async #close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = null;
    try {
      await iterator?.close();
    } catch (error) {
      this.#options.log.warn("A pipeline could not be closed", { reason: messageOf(error) });
    }
  }
}
