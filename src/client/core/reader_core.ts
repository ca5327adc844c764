/**
 * What a reader does next, decided without waiting for anything: events in, commands out. It keeps the blocks of
 * all tasks in turn, the windows, the acknowledgements, and the agreement with the dispatcher about the end.
 */

import { assertNever, DataLossError, type RangeSet } from "../../base/mod.ts";
import type { ConsumedSet } from "../../element/mod.ts";
import { Consumption, type ConsumptionReport } from "./consumption.ts";
import { EndAgreement } from "./end_agreement.ts";
import type { ListedTask, OpenSession, ReaderCommand, ReaderEvent } from "./events.ts";
import { type RecentBlock, RecentBlocks } from "./recent_blocks.ts";
import { type Item, Task } from "./task.ts";
import { Window, type WindowOptions } from "./window.ts";

type EventOf<B, K extends ReaderEvent<B>["kind"]> = Extract<ReaderEvent<B>, { kind: K }>;

// A worker that the dispatcher took for lost may hang on a dead connection. One that ended its task properly has
// sent the end of the stream already, which is at most one heartbeat behind the dispatcher's word.
const FINISHED_LISTINGS_TO_CLOSE = 2;

/** What a reader begins with. */
export interface ReaderHistory {
  /** What was consumed before: by the reader whose checkpoint it goes on from. @default nothing */
  readonly before?: ConsumedSet | undefined;
  /** How many elements such readers had. @default 0 */
  readonly position?: number | undefined;
  /** Whether elements that it gives out may be held before the program gets them. @default false */
  readonly mayBeHeld?: boolean;
}

/** The state of one reader; `B` is whatever stands for a decoded block. */
export class ReaderCore<B> {
  readonly #tasks = new Map<bigint, Task<B>>();
  /** The tasks that are not done, in the order in which they are served. */
  #turns: Task<B>[] = [];
  #turn = 0;
  readonly #window: Window;
  #waitingBytes = 0;
  #inHand: Task<B> | null = null;
  #isWanted = false;
  #isOver = false;
  readonly #agreement = new EndAgreement();
  readonly #consumption: Consumption;
  /** Tasks that could have given a block since the last heartbeat and gave none. */
  #starving = new Set<bigint>();
  /** The number of the first element that is not of a whole block that was given out. */
  #position: number;
  /** Null: whatever is given out the program has. */
  readonly #recent: RecentBlocks | null;
  #commands: ReaderCommand<B>[] = [];

  /** A reader without tasks. */
  constructor(options: WindowOptions, { before, position = 0, mayBeHeld = false }: ReaderHistory = {}) {
    this.#window = new Window(options);
    this.#consumption = new Consumption(before);
    this.#position = position;
    this.#recent = mayBeHeld ? new RecentBlocks() : null;
  }

  /** The number of the next element; `within` of the block in hand were given out. */
  position(within: number): number {
    return this.#position + within;
  }

  /**
   * Everything that was consumed, or null where elements came that do not say what they consumed. `settled`: numbers
   * of the elements that the program has, where others may be held behind the reader.
   */
  consumed(within: number, settled: RangeSet | null = null): ConsumedSet | null {
    this.#noteInHand(within);
    if (!this.#consumption.isTracked) return null;
    const consumed = this.#consumption.consumed();
    if (settled !== null && this.#recent !== null) {
      consumed.remove(this.#recent.held(settled, this.#given(within)));
    }
    return consumed;
  }

  /** Whether {@link settle} should be called, so as to free memory. */
  get wantsToSettle(): boolean {
    return this.#recent !== null && this.#recent.areMany;
  }

  /** The program has the elements that are numbered in `settled`. */
  settle(settled: RangeSet): void {
    this.#recent?.forget(settled);
  }

  /** What a heartbeat, or the farewell, says of the consumption. The next `listed` counts as its answer. */
  report(within: number): ConsumptionReport & { readonly starved: readonly bigint[] } {
    this.#noteInHand(within);
    const starved: bigint[] = [];
    const starving = new Set<bigint>();
    for (const task of this.#turns) {
      if (task.waiting > 0 || !task.isLive || task === this.#inHand) continue;
      if (this.#starving.has(task.id)) starved.push(task.id);
      starving.add(task.id);
    }
    this.#starving = starving;
    return { ...this.#consumption.report(), starved };
  }

  /** How many tasks it reads or has read. */
  get numTasks(): number {
    return this.#tasks.size;
  }

  /** Whether the program waits and only the dispatcher can help: no block is there, and no stream runs. */
  get needsDispatcher(): boolean {
    return this.#isWanted && !this.#isOver &&
      this.#turns.every((task) =>
        task.phase.kind !== "open" && (task.phase.kind !== "opening" || task.failures > 0)
      );
  }

  /**
   * The sessions that workers keep for this reader, some without a name yet: to be released when it leaves, with
   * `within` elements of the block in hand given to the program.
   */
  openSessions(within: number): OpenSession[] {
    return [...this.#tasks.values()]
      .filter((task) => !task.isDone && task.phase.kind !== "gone")
      .map((task) => ({ task: task.id, address: task.acknowledgeAddress, position: task.tell(0, within) }));
  }

  /** Takes in what happened, and says what is to be done, in order. */
  step(event: ReaderEvent<B>): ReaderCommand<B>[] {
    if (this.#isOver) return [];
    this.#apply(event);
    this.#serve();
    this.#allowReading();
    this.#finishIfDone();
    return this.#commands.splice(0);
  }

  #apply(event: ReaderEvent<B>): void {
    switch (event.kind) {
      case "wanted":
        this.#isWanted = true;
        return;
      case "taken":
        return this.#take();
      case "heartbeatSent":
        this.#agreement.heartbeatSent({ allDone: this.#allDone });
        // A large block may last a slow program for minutes: who dies must not leave all of that to others.
        for (const task of this.#turns) this.#acknowledge(task, { flush: true, within: event.within });
        return;
      case "listed":
        return this.#list(event);
      case "sessionOpened":
        return this.#onStream(event, (task) => {
          task.openSession(event.session);
          this.#acknowledge(task);
        });
      case "ready":
        return this.#onStream(event, (task) => task.readWanted = true);
      case "block":
        return this.#onStream(event, (task) => {
          const { block, bytes, provenance = null, skip = 0, count = 0 } = event;
          this.#starving.delete(task.id);
          this.#receive(task, event.sequence, { kind: "block", block, bytes, provenance, skip, count });
        });
      case "failure":
        return this.#onStream(event, (task) => {
          this.#receive(task, event.sequence, { kind: "failure", error: event.error });
        });
      case "draining":
        return this.#onStream(event, (task) => {
          task.draining = true;
          this.#acknowledge(task);
        });
      case "ended":
        return this.#onStream(event, (task) => {
          task.phase = { kind: "ended" };
          this.#acknowledge(task);
          this.#retire(task);
        });
      case "streamFailed":
        return this.#onStream(event, (task) => this.#streamFailed(task, event));
      case "acknowledged":
      case "acknowledgeFailed":
        return this.#acknowledgementOver(event);
      default:
        assertNever(event);
    }
  }

  get #allDone(): boolean {
    return this.#turns.length === 0 && this.#tasks.size > 0;
  }

  get #windowBlocks(): number {
    let live = 0;
    for (const task of this.#turns) if (task.isLive) live++;
    return this.#window.blocksOf(Math.max(1, live));
  }

  #onStream(event: { task: bigint; stream: number }, then: (task: Task<B>) => void): void {
    const task = this.#tasks.get(event.task);
    if (task?.isLive && task.stream === event.stream) then(task);
  }

  // ---- tasks come and go

  #list(event: EventOf<B, "listed">): void {
    const { tasks, iterationFinished, isSubset = false, isDivided = false, isRecovering = false } = event;
    this.#consumption.answered();
    this.#agreement.hear({ iterationFinished });
    const listed = new Set<bigint>();
    for (const entry of tasks) {
      listed.add(entry.id);
      const task = this.#tasks.get(entry.id);
      if (task) this.#listAgain(task, entry);
      else this.#listFirst(entry);
    }
    for (const id of event.lostTasks ?? []) this.#leave(id, event.within ?? 0);
    for (const task of this.#turns.slice()) if (!listed.has(task.id)) this.#giveUp(task);
    const allEnded = [...this.#tasks.values()].every((task) =>
      task.phase.kind === "ended" || (isDivided && (task.finishedListings > 0 || !listed.has(task.id)))
    );
    this.#agreement.answered({ allDone: this.#allDone, allEnded: (allEnded || isSubset) && !isRecovering });
  }

  /**
   * A task's worker is lost. What the program has of it is said at once, because only then can the rest be given to
   * others; what has come in and was not handed out is part of that rest.
   */
  #leave(id: bigint, within: number): void {
    if (this.#consumption.hasLeft(id)) return;
    this.#consumption.leave(id);
    this.#commands.push({ kind: "heartbeat" });
    const task = this.#tasks.get(id);
    if (!task) return;
    if (task.isLive) this.#commands.push({ kind: "close", task: id, stream: task.stream });
    if (this.#inHand === task) {
      this.#giveInHand(within);
      this.#inHand = null;
      this.#commands.push({ kind: "discard" });
    }
    this.#waitingBytes -= task.drop();
    this.#retire(task);
  }

  /** The program has got the first `within` elements of the block in hand. */
  #noteInHand(within: number): void {
    const item = this.#inHand?.inHand;
    if (item?.kind !== "block") return;
    this.#consumption.take(this.#inHand!.id, item.provenance, item.skip, item.skip + within);
  }

  /** As it has, and no more of it will be given out. */
  #giveInHand(within: number): void {
    this.#noteInHand(within);
    const given = this.#recent && this.#given(within);
    if (given) this.#recent!.add(given);
    this.#position += within;
  }

  /** What was given out of the block in hand. */
  #given(within: number): RecentBlock | null {
    const item = this.#inHand?.inHand;
    if (item?.kind !== "block" || item.provenance === null) return null;
    return { first: this.#position, count: within, provenance: item.provenance, skip: item.skip };
  }

  #listFirst(entry: ListedTask): void {
    const task = new Task<B>(entry);
    this.#tasks.set(entry.id, task);
    if (entry.finished && this.#agreement.iterationFinished) task.phase = { kind: "gone" };
    else {
      this.#turns.push(task);
      if (entry.finished) task.finishedListings = 1;
      this.#open(task);
    }
  }

  #listAgain(task: Task<B>, entry: ListedTask): void {
    const hasMoved = task.move(entry);
    if (entry.finished) return this.#listFinished(task);
    task.finishedListings = 0;
    if (task.isLive && hasMoved) this.#commands.push({ kind: "close", task: task.id, stream: task.stream });
    else if (task.phase.kind === "gone") this.#comeBack(task);
    else return;
    // The session is kept: whether the worker still has it is for the worker to say, as this reader may have met
    // the new run before the dispatcher spoke of it.
    task.failures = 0;
    this.#open(task);
  }

  #comeBack(task: Task<B>): void {
    if (!this.#turns.includes(task)) this.#turns.push(task);
  }

  #listFinished(task: Task<B>): void {
    task.finishedListings++;
    const isWaitingToRetry = task.phase.kind === "opening" && task.failures > 0;
    if (isWaitingToRetry || task.finishedListings >= FINISHED_LISTINGS_TO_CLOSE) this.#giveUp(task);
    else if (task.phase.kind === "ended") this.#dropAcknowledgement(task);
  }

  /** The dispatcher knows of nothing more in this task: what has come in is still handed over. */
  #giveUp(task: Task<B>): void {
    if (task.isLive) {
      this.#commands.push({ kind: "close", task: task.id, stream: task.stream });
      task.phase = { kind: "gone" };
    }
    this.#dropAcknowledgement(task);
  }

  #dropAcknowledgement(task: Task<B>): void {
    task.acknowledgementMoot = true;
    this.#retire(task);
  }

  /** Takes a task out of the turns if nothing is left to do with it. */
  #retire(task: Task<B>): void {
    const place = task.isDone ? this.#turns.indexOf(task) : -1;
    if (place < 0) return;
    this.#turns.splice(place, 1);
    if (place < this.#turn) this.#turn--;
  }

  // ---- streams

  #open(task: Task<B>): void {
    task.phase = { kind: "opening" };
    task.acknowledgementMoot = false;
    task.readWanted = false;
    task.draining = false;
    task.stream++;
    this.#commands.push({
      kind: "open",
      task: task.id,
      address: task.address,
      stream: task.stream,
      attempt: task.rounds,
      position: task.tell(this.#windowBlocks),
    });
  }

  #receive(task: Task<B>, sequence: number, item: Item<B>): void {
    if (sequence < task.next) return; // Sent again although it had arrived.
    if (sequence > task.next) {
      this.#commands.push({ kind: "close", task: task.id, stream: task.stream });
      task.phase = {
        kind: "failed",
        error: new DataLossError(
          `Cannot read task ${task.id} of ${task.address}: block ${task.next} is missing, got block ${sequence}`,
        ),
      };
      return;
    }
    task.add(item);
    if (item.kind === "failure") return;
    this.#waitingBytes += item.bytes;
    this.#window.observe(item.bytes);
  }

  #streamFailed(task: Task<B>, { retryable, error }: EventOf<B, "streamFailed">): void {
    if (!retryable) {
      task.phase = { kind: "failed", error };
      return;
    }
    task.fail();
    if (task.finishedListings > 0) {
      task.phase = { kind: "gone" };
      return this.#dropAcknowledgement(task);
    }
    this.#open(task);
    if (task.failures === 1) this.#commands.push({ kind: "heartbeat" });
  }

  #allowReading(): void {
    const window = this.#windowBlocks;
    for (const task of this.#turns) {
      if (!task.readWanted || !task.isLive || task.waiting >= window) continue;
      if (task.waiting > 0 && !this.#window.hasRoom(this.#waitingBytes)) continue;
      task.readWanted = false;
      this.#commands.push({ kind: "read", task: task.id, stream: task.stream });
    }
  }

  // ---- acknowledgements

  #acknowledge(task: Task<B>, { flush = false, within = 0 } = {}): void {
    const window = this.#windowBlocks;
    if (!task.wantsToTell(window, { flush, within })) return;
    task.acknowledging = true;
    this.#commands.push({
      kind: "acknowledge",
      task: task.id,
      address: task.acknowledgeAddress,
      attempt: task.acknowledgeFailures,
      position: task.tell(window, within),
    });
  }

  #acknowledgementOver(event: EventOf<B, "acknowledged" | "acknowledgeFailed">): void {
    const task = this.#tasks.get(event.task);
    if (!task || task.session !== event.session) return;
    task.acknowledging = false;
    if (event.kind === "acknowledged") task.acknowledgeFailures = 0;
    else if (!event.gone) {
      task.acknowledgeFailures++;
      task.tellAgain();
    }
    this.#acknowledge(task);
    this.#retire(task);
  }

  // ---- the program

  #take(): void {
    const task = this.#inHand;
    if (!task) return;
    const item = task.inHand;
    if (item?.kind === "block") this.#giveInHand(item.count);
    this.#inHand = null;
    task.take();
    this.#acknowledge(task);
    this.#retire(task);
  }

  /** Hands over the next block in turn, or the error that follows a task's last block. */
  #serve(): void {
    if (!this.#isWanted || this.#inHand) return;
    // What is left of a worker that went comes before anything of the one in its place, which begins anew.
    const left = this.#turns.find((task) => task.phase.kind === "gone" && task.waiting > 0);
    if (left) return this.#handOver(left);
    for (let i = 0; i < this.#turns.length; i++) {
      const place = (this.#turn + i) % this.#turns.length;
      const task = this.#turns[place];
      if (task.waiting > 0) {
        this.#turn = place + 1;
        return this.#handOver(task);
      }
      if (task.phase.kind === "failed") {
        return this.#end({ kind: "fail", error: task.phase.error });
      }
    }
  }

  #handOver(task: Task<B>): void {
    const item = task.begin();
    if (item.kind === "failure") {
      task.take(); // Released with the session, it is given to nobody else.
      return this.#end({ kind: "fail", error: item.error });
    }
    this.#isWanted = false;
    this.#inHand = task;
    this.#waitingBytes -= item.bytes;
    this.#commands.push({ kind: "handOver", block: item.block });
    this.#acknowledge(task);
  }

  // ---- the end

  #finishIfDone(): void {
    if (this.#isOver) return;
    if (this.#turns.length > 0) return this.#agreement.reopen();
    const conclusion = this.#agreement.conclude({ allDone: this.#allDone });
    if (conclusion === "finish") this.#end({ kind: "finish" });
    else if (conclusion === "ask") this.#commands.push({ kind: "heartbeat" });
  }

  #end(command: ReaderCommand<B>): void {
    this.#isOver = true;
    this.#commands.push(command);
  }
}
