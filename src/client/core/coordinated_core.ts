/**
 * What a consumer of a coordinated read does next, decided without waiting for anything: events in, commands out.
 *
 * In each round it asks every task for one element, in the order of the dispatcher's list, and hands over what comes
 * in that order alone, so that the k-th element of every consumer belongs to the same round and task. It asks ahead of
 * the program, each time for half of the rounds that it may have waiting: one request brings many elements.
 */

import { assertNever } from "../../base/mod.ts";
import type {
  CoordinatedCommand,
  CoordinatedEvent,
  CoordinatedListing,
  RoundReport,
} from "./coordinated_events.ts";
import { CoordinatedTask, type Slot } from "./coordinated_task.ts";
import { EndAgreement } from "./end_agreement.ts";
import { SlotWindow, type SlotWindowOptions } from "./slot_window.ts";

type EventOf<T, K extends CoordinatedEvent<T>["kind"]> = Extract<CoordinatedEvent<T>, { kind: K }>;

// A first failure may be the network's; whoever fails again asks whether the others have lost the worker, too.
const FAILURES_BEFORE_REMOVAL = 2;

// How many skipped rounds a request names where nothing has failed: as many as consumers are usually apart.
const USUAL_SKIPS = 64;

/** The state of one consumer; `T` is whatever stands for an element. */
export class CoordinatedCore<T> {
  readonly #tasks = new Map<bigint, CoordinatedTask<T>>();
  /** The tasks that are read, in the order of every round. */
  #order: CoordinatedTask<T>[] = [];
  /** The order of what the program gets, from the first that it has not got. */
  readonly #slots: Slot<T>[] = [];
  readonly #window: SlotWindow;
  /** Where asking goes on: a round, and how many tasks of #order have been asked in it. */
  #round = 0;
  #asked = 0;
  #currentRound: number | null = null;
  /** The first round that must not be begun. */
  #limit: number | null = null;
  #isWanted = false;
  #isOver = false;
  readonly #agreement = new EndAgreement();
  /** The rounds that are about to be asked for, by task. */
  readonly #requests = new Map<CoordinatedTask<T>, Set<number>>();
  #commands: CoordinatedCommand<T>[] = [];

  /** A consumer that knows no tasks. */
  constructor(options: SlotWindowOptions) {
    this.#window = new SlotWindow(options);
  }

  /** What the next heartbeat is to say. */
  get report(): RoundReport {
    return { currentRound: this.#currentRound, blockedRound: this.#limit };
  }

  /** Whether a task waits for this consumer to stop, or for others: heartbeats are worth more than usual. */
  get isNegotiating(): boolean {
    return this.#limit !== null;
  }

  /** Whether the program waits and only the dispatcher can help. */
  get needsDispatcher(): boolean {
    return this.#isWanted && !this.#isOver && this.#slots.length === 0;
  }

  /** Takes in what happened, and says what is to be done, in order. */
  step(event: CoordinatedEvent<T>): CoordinatedCommand<T>[] {
    if (this.#isOver) return [];
    this.#apply(event);
    this.#handOver();
    if (!this.#isOver) this.#ask();
    this.#finishIfDone();
    this.#sendRequests();
    return this.#commands.splice(0);
  }

  #apply(event: CoordinatedEvent<T>): void {
    switch (event.kind) {
      case "wanted":
        this.#isWanted = true;
        if (this.#slots.at(0)?.state.kind === "asked") this.#window.starved();
        return;
      case "heartbeatSent":
        return this.#agreement.heartbeatSent({ allDone: this.#allDone });
      case "listed":
        return this.#list(event);
      case "answered":
        return this.#answered(event);
      case "unanswered":
        return this.#unanswered(event);
      case "askFailed":
        this.#tasks.get(event.task)?.avoid(event.address);
        for (const round of event.rounds) this.#askFailed(event.task, round);
        return;
      case "removalAnswered":
        return this.#removalAnswered(event);
      case "endConfirmed": {
        const task = this.#tasks.get(event.task);
        if (task?.phase.kind !== "confirming") return;
        if (event.isHeard) task.phase = { kind: "ended" };
        else this.#remove(task);
        return;
      }
      default:
        assertNever(event);
    }
  }

  // ---- tasks and the round in which they join

  #list({ tasks, iterationFinished, blockRound }: EventOf<T, "listed">): void {
    this.#agreement.hear({ iterationFinished });
    for (const entry of tasks) this.#listOne(entry);
    this.#negotiate(blockRound);
    const known = [...this.#tasks.values()];
    this.#agreement.answered({
      allDone: this.#allDone,
      allEnded: blockRound === null &&
        known.every(({ phase, isFinished }) => phase.kind === "ended" && isFinished),
    });
  }

  #listOne(entry: CoordinatedListing): void {
    const known = this.#tasks.get(entry.id);
    if (known) {
      known.isFinished = entry.finished;
      const { kind } = known.phase;
      if (entry.finished && (kind === "confirming" || (kind === "removing" && known.endedRound !== null))) {
        known.phase = { kind: "ended" };
      }
      if (known.update(entry)) this.#greet(known);
      // Others have not heard of the end, and where the worker has begun anew it does not know of it.
      if (!entry.finished && known.phase.kind === "ended") this.#sendConfirmation(known);
      return;
    }
    const task = new CoordinatedTask<T>(entry);
    this.#tasks.set(entry.id, task);
    // All consumers have heard of its end, so this one was another client then.
    task.isFinished = entry.finished;
    if (entry.finished) task.phase = { kind: "ended" };
    else this.#order.push(task);
  }

  /**
   * The worker has begun anew, and gives out nothing before it knows where each consumer stands. It is told by a
   * request, even where one is out already, which may have been sent to the former run, and where the answer is not
   * needed yet: it will be asked for again.
   */
  #greet(task: CoordinatedTask<T>): void {
    // Nothing is asked for before the removal is answered; if it is refused, a later listing greets.
    if (task.phase.kind === "removing") return task.greetAgain();
    if (task.phase.kind !== "live" && task.phase.kind !== "ending") return;
    const { oldest } = task;
    // Answers of the former run behind a gap: the new one goes on from the gap, and would wait for these rounds.
    for (const slot of task.slots) {
      if (slot.round > oldest && slot.state.kind === "answered" && task.endedRound === null) {
        slot.state = { kind: "unsent" };
      }
    }
    this.#request(task, oldest);
  }

  /** Stops before the proposed round, unless it has been begun: then the dispatcher is told so at once. */
  #negotiate(blockRound: number | null): void {
    const former = this.#limit;
    if (blockRound === null) this.#limit = null;
    else {
      if (this.#currentRound === null || this.#currentRound < blockRound) this.#limit = blockRound;
      if (this.#limit !== former || this.#limit !== blockRound) this.#commands.push({ kind: "heartbeat" });
    }
  }

  // ---- asking

  #ask(): void {
    const most = this.#window.mostOf(this.#order.length);
    if (this.#slots.length > most / 2) return;
    while (this.#slots.length < most) {
      const task = this.#next();
      if (!task) return;
      const slot = task.add(this.#round);
      this.#slots.push(slot);
      this.#currentRound = this.#round;
      this.#asked++;
      if (task.failures === 0) this.#send(slot);
    }
  }

  /** The task whose turn it is, in round #round; undefined where the consumer has to wait, and then stays where it is. */
  #next(): CoordinatedTask<T> | undefined {
    if (this.#order.length === 0) return undefined;
    for (let round = this.#round, asked = this.#asked;; asked = 0) {
      const hasBegun = this.#currentRound !== null && round <= this.#currentRound;
      if (!hasBegun && this.#limit !== null && round >= this.#limit) return undefined;
      for (; asked < this.#order.length; asked++) {
        const task = this.#order[asked];
        if (task.startingRound > round) continue;
        this.#round = round;
        this.#asked = asked;
        return task;
      }
      // Nobody else is read in this round: on to the next one in which somebody is.
      round = Math.max(round + 1, Math.min(...this.#order.map(({ startingRound }) => startingRound)));
    }
  }

  #send(slot: Slot<T>): void {
    slot.state = { kind: "asked" };
    this.#request(slot.task, slot.round);
  }

  #request(task: CoordinatedTask<T>, round: number): void {
    const rounds = this.#requests.get(task) ?? new Set<number>();
    this.#requests.set(task, rounds.add(round));
  }

  #sendRequests(): void {
    for (const [task, rounds] of this.#requests) {
      this.#commands.push({
        kind: "ask",
        task: task.id,
        address: task.address,
        rounds: [...rounds].sort((a, b) => a - b),
        oldest: task.oldest,
        // The worker may have begun anew without anybody knowing yet.
        skipped: task.skipped.slice(task.failures > 0 ? 0 : -USUAL_SKIPS),
        // With nothing else to read, a skipped round would only cost a number.
        allowSkip: this.#order.length > 1,
        attempt: task.failures,
      });
    }
    this.#requests.clear();
  }

  // ---- answers

  #answered({ task: id, round, answer }: EventOf<T, "answered">): void {
    const task = this.#tasks.get(id);
    const slot = task?.waitingSlot(round);
    if (!task || !slot) return;
    const wasOldest = task.oldest === round;
    slot.state = { kind: "answered", answer };
    if (answer.kind === "element") this.#window.observe(answer.bytes);
    else if (answer.kind === "skip") task.noteSkip(round);
    else if (answer.kind === "end") task.endFrom(round);
    if (task.endedRound !== null && task.phase.kind === "live") this.#leave(task, { kind: "ending" });
    if (wasOldest) {
      task.failures = 0;
      for (const waiting of task.slots) if (waiting.state.kind === "unsent") this.#send(waiting);
    }
    this.#confirmEnd(task);
  }

  #confirmEnd(task: CoordinatedTask<T>): void {
    if (task.phase.kind === "ending" && task.oldest === task.nextRound) this.#sendConfirmation(task);
  }

  #sendConfirmation(task: CoordinatedTask<T>): void {
    task.phase = { kind: "confirming" };
    this.#commands.push({
      kind: "confirmEnd",
      task: task.id,
      addresses: task.addresses,
      round: task.nextRound,
      ended: task.endedRound!,
    });
  }

  #unanswered({ task: id, rounds }: EventOf<T, "unanswered">): void {
    const task = this.#tasks.get(id);
    for (const round of rounds) {
      const slot = task?.waitingSlot(round);
      if (!task || slot?.state.kind !== "asked") continue;
      slot.state = { kind: "unsent" };
      if (task.phase.kind === "removing") continue;
      // After a failure the oldest one goes ahead alone.
      if (task.failures === 0 || task.oldest === round) this.#send(slot);
    }
  }

  #askFailed(id: bigint, round: number): void {
    const task = this.#tasks.get(id);
    const slot = task?.waitingSlot(round);
    if (!task) return;
    if (!slot && round === task.nextRound) task.greetAgain();
    if (slot?.state.kind !== "asked") return;
    const isOldest = task.oldest === round;
    slot.state = { kind: "unsent" };
    if (!isOldest) return; // It is asked for again once the oldest one is there.
    task.failures++;
    if (task.failures < FAILURES_BEFORE_REMOVAL + task.addresses.length - 1) return this.#send(slot);
    this.#remove(task);
  }

  /** Asks whether the others have lost the worker, too. */
  #remove(task: CoordinatedTask<T>): void {
    task.phase = { kind: "removing" };
    this.#commands.push({
      kind: "remove",
      task: task.id,
      round: task.oldest,
      untakenRound: task.untaken,
    });
  }

  #removalAnswered({ task: id, removedRound }: EventOf<T, "removalAnswered">): void {
    const task = this.#tasks.get(id);
    if (task?.phase.kind !== "removing") return;
    if (removedRound === null) {
      task.phase = { kind: "live" };
      if (task.endedRound !== null) this.#leave(task, { kind: "ending" });
      const oldest = task.slots.find(({ state }) => state.kind !== "answered");
      if (oldest?.state.kind === "unsent") this.#send(oldest);
      return this.#confirmEnd(task);
    }
    this.#leave(task, { kind: "removed" });
    for (const slot of task.slots) {
      if (slot.round >= removedRound) slot.state = { kind: "answered", answer: { kind: "skip" } };
    }
  }

  /** Reads a task no further; the place in the present round stays where it is. */
  #leave(task: CoordinatedTask<T>, phase: CoordinatedTask<T>["phase"]): void {
    task.phase = phase;
    const place = this.#order.indexOf(task);
    if (place < 0) return;
    this.#order.splice(place, 1);
    if (place < this.#asked) this.#asked--;
  }

  // ---- the program

  /** Hands over the next element in order. What a removal may drop is held back. */
  #handOver(): void {
    for (let slot = this.#slots.at(0); slot; slot = this.#slots.at(0)) {
      const { task, state } = slot;
      if (state.kind !== "answered" || task.phase.kind === "removing") return;
      const { answer } = state;
      const isForProgram = answer.kind === "element" || answer.kind === "error";
      if (isForProgram && !this.#isWanted) return;
      this.#slots.shift();
      task.slots.shift();
      if (!isForProgram) continue;
      this.#isWanted = false;
      if (answer.kind === "error") this.#end({ kind: "fail", error: answer.error });
      else this.#commands.push({ kind: "handOver", element: answer.element });
      return;
    }
  }

  get #allDone(): boolean {
    const tasks = [...this.#tasks.values()];
    return tasks.length > 0 && this.#slots.length === 0 &&
      tasks.every(({ phase }) => phase.kind === "ended" || phase.kind === "removed");
  }

  #finishIfDone(): void {
    if (this.#isOver) return;
    const allDone = this.#allDone;
    if (!allDone && !this.#agreement.iterationFinished) return this.#agreement.reopen();
    if (this.#slots.length > 0) return;
    const conclusion = this.#agreement.conclude({ allDone });
    if (conclusion === "ask") this.#commands.push({ kind: "heartbeat" });
    else if (conclusion === "finish") this.#end({ kind: "finish" });
  }

  #end(command: CoordinatedCommand<T>): void {
    this.#isOver = true;
    this.#commands.push(command);
  }
}
