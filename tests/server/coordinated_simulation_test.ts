/**
 * Consumers, workers and the dispatcher of a coordinated read, all cores and no sockets: random histories of
 * requests, lost answers, workers that join, crash, leave and return. Whatever happens, the k-th elements of all
 * consumers belong to the same round of the same task; and once everybody is well, all get on.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CoordinatedCore } from "../../src/client/core/coordinated_core.ts";
import type { Ask, CoordinatedAnswer, CoordinatedCommand } from "../../src/client/core/coordinated_events.ts";
import { findRemovable, removeTask } from "../../src/dispatcher/core/maybe_remove_task.ts";
import { RemovalBarrier } from "../../src/dispatcher/core/removal_barrier.ts";
import { ShardingPolicy } from "../../src/graph/mod.ts";
import { RoundTable } from "../../src/worker/core/rounds.ts";
import { TestCore } from "../dispatcher/support.ts";

const WORKERS = 3;

/** An element that knows where it comes from. */
interface Origin {
  readonly task: number;
  readonly run: number;
  readonly round: number;
  readonly group: number;
  readonly index: number;
}

type Command<K extends CoordinatedCommand<Origin>["kind"]> = Extract<CoordinatedCommand<Origin>, { kind: K }>;

interface Consumer {
  readonly core: CoordinatedCore<Origin>;
  readonly clientId: number;
  readonly got: Origin[];
  isWanting: boolean;
  isFinished: boolean;
}

/** A request that a worker has not answered. */
interface OpenRequest {
  readonly consumer: number;
  readonly ask: Ask;
  readonly decided: Map<number, CoordinatedAnswer<Origin>>;
}

/** An answer on its way. */
interface Reply {
  readonly request: OpenRequest;
  readonly answered: readonly number[];
}

interface WorkerModel {
  run: number;
  isUp: boolean;
  /** Its tasks cannot be reached at addresses of their own, only through the worker. */
  isBlocked: boolean;
  /** By task, its rounds in this run, and how many groups it has given out. */
  tables: Map<number, Part>;
}

interface Part {
  readonly table: RoundTable<Origin>;
  groups: number;
  open: OpenRequest[];
}

type Event = { readonly kind: string; readonly pick: number };

class Simulation {
  readonly dispatcher = new TestCore();
  readonly consumers: Consumer[] = [];
  readonly #workers: WorkerModel[] = [];
  readonly #numConsumers: number;
  /**
   * Groups that each run of a task has; Infinity: it is endless. Requests of endless data may reach a later run than
   * they were sent to. Those of finite data end with their connection: nothing could tell a late one from a consumer
   * that has not heard of the end.
   */
  readonly #groups: number;
  #asks: { consumer: number; ask: Ask }[] = [];
  #replies: Reply[] = [];
  #numReplies = 0;
  /** The requests that confirm an end, and the first round without elements. */
  readonly #confirmations = new Map<Ask, number>();
  #removals: { consumer: number; command: Command<"remove"> }[] = [];
  readonly #barriers = new Map<number, { barrier: RemovalBarrier; waiting: Set<number> }>();

  constructor({ numConsumers, workers, window, groups }: {
    numConsumers: number;
    workers: number;
    window: number;
    groups: number;
  }) {
    this.#numConsumers = numConsumers;
    this.#groups = groups;
    for (let i = 0; i < WORKERS; i++) {
      this.#workers.push({ run: 0, isUp: false, isBlocked: false, tables: new Map() });
    }
    for (let i = 0; i < workers; i++) this.#start(i);
    const job = this.dispatcher.job(ShardingPolicy.OFF, { name: "job", numConsumers });
    for (let i = 0; i < numConsumers; i++) {
      const clientId = this.dispatcher.client(job);
      const core = new CoordinatedCore<Origin>({ maxSlots: window, maxBytes: Infinity });
      this.consumers.push({ core, clientId, got: [], isWanting: false, isFinished: false });
    }
    for (let i = 0; i < workers; i++) this.#heartbeatOfWorker(i);
    for (let i = 0; i < numConsumers; i++) this.#heartbeat(i);
  }

  run({ kind, pick }: Event): void {
    this.dispatcher.now++;
    switch (kind) {
      case "ask":
        return this.#deliverAsk(pick);
      case "reply":
        return this.#deliverReply(pick);
      case "lose":
        return this.#loseReply(pick);
      case "want":
        return this.#want(pick % this.#numConsumers);
      case "heartbeat":
        return this.#heartbeat(pick % this.#numConsumers);
      case "workerHeartbeat":
        return this.#heartbeatOfWorker(pick % WORKERS);
      case "start":
        return this.#start(pick % WORKERS);
      case "crash":
        return this.#crash(pick % WORKERS);
      case "leave": {
        const worker = this.#workers[pick % WORKERS];
        if (worker.isUp) this.dispatcher.leave(address(pick % WORKERS), uid(pick % WORKERS, worker.run));
        return this.#crash(pick % WORKERS);
      }
      case "block":
        this.#workers[pick % WORKERS].isBlocked = !this.#workers[pick % WORKERS].isBlocked;
        return;
      case "removal":
        return this.#deliverRemoval(pick);
      case "giveUp":
        return this.#giveUp(pick);
    }
  }

  /** Everybody is well from now on; runs until `done` or nothing helps any more. */
  settle(done: () => boolean): void {
    for (let i = 0; i < WORKERS; i++) this.#start(i);
    for (let step = 0; step < 4_000 && !done(); step++) {
      for (let i = 0; i < WORKERS; i++) this.#heartbeatOfWorker(i);
      for (let i = 0; i < this.#numConsumers; i++) {
        this.#heartbeat(i);
        this.#want(i);
      }
      while (this.#removals.length > 0) this.#deliverRemoval(0);
      if (step % 10 === 9) { for (const task of [...this.#barriers.keys()]) this.#refuse(task); }
      for (let left = this.#asks.length; left > 0; left--) this.#deliverAsk(0);
      while (this.#replies.length > 0) this.#deliverReply(0);
    }
  }

  #want(index: number): void {
    const consumer = this.consumers[index];
    if (consumer.isWanting || consumer.isFinished) return;
    consumer.isWanting = true;
    this.#carryOut(index, consumer.core.step({ kind: "wanted" }));
  }

  #carryOut(index: number, commands: readonly CoordinatedCommand<Origin>[]): void {
    const consumer = this.consumers[index];
    for (const command of commands) {
      switch (command.kind) {
        case "ask":
          this.#asks.push({ consumer: index, ask: command });
          break;
        case "remove":
          this.#removals.push({ consumer: index, command });
          break;
        case "confirmEnd": {
          const { task, addresses, round, ended } = command;
          const ask = {
            task,
            address: addresses.toSorted()[1], // Every address is tried: the worker's own at last.
            rounds: [round],
            oldest: round,
            skipped: [],
            allowSkip: false,
            attempt: 0,
          };
          this.#confirmations.set(ask, ended);
          this.#asks.push({ consumer: index, ask });
          break;
        }
        case "handOver":
          consumer.got.push(command.element);
          consumer.isWanting = false;
          break;
        case "finish":
          consumer.isFinished = true;
          break;
        case "fail":
          throw command.error;
        case "heartbeat":
          break; // The regular ones come.
      }
    }
  }

  // ---- the way to the workers and back

  #deliverAsk(pick: number): void {
    if (this.#asks.length === 0) return;
    const [{ consumer, ask }] = this.#asks.splice(pick % this.#asks.length, 1);
    const task = Number(ask.task);
    const worker = this.#workers.find(({ isUp, tables }) => isUp && tables.has(task));
    if (!worker) {
      if (!this.dispatcher.state.tasks.get(task)?.finished) return this.#fail(consumer, ask);
      if (this.#confirmations.has(ask)) return this.#confirmed(consumer, ask.task);
      for (const round of ask.rounds) this.#answer(consumer, ask.task, round, { kind: "end" });
      return;
    }
    if (worker.isBlocked && ask.address.startsWith("http:")) return this.#fail(consumer, ask);
    const part = worker.tables.get(task)!;
    try {
      const ended = this.#confirmations.get(ask);
      for (const round of ask.rounds) part.table.request({ ...ask, round, consumer, ended });
    } catch (error) {
      // The consumer has the answer to another request for the same round already, and does not care.
      if (this.#confirmations.has(ask)) return this.#confirmed(consumer, ask.task);
      this.#answer(consumer, ask.task, ask.rounds[0], { kind: "error", error });
      return this.#unanswered(consumer, ask.task, ask.rounds.slice(1));
    }
    part.open.push({ consumer, ask, decided: new Map() });
    this.#serve(task, worker.run, part);
    if (part.table.isCompleted) {
      const index = this.#workers.indexOf(worker);
      this.dispatcher.finish(address(index), task);
    }
  }

  #serve(task: number, run: number, part: Part): void {
    const { table } = part;
    for (let due = table.due(); due; due = table.due()) {
      if (part.groups >= this.#groups) {
        table.end();
        break;
      }
      // A pipeline that stutters: each seventh round that may be skipped is.
      if (due.allowSkip && due.round % 7 === 6) {
        table.skip();
        continue;
      }
      const group = part.groups++;
      const { round } = due;
      table.serve(
        Array.from({ length: this.#numConsumers }, (_, index) => ({ task, run, round, group, index })),
      );
    }
    for (const { consumer, round, answer } of table.takeAnswered()) {
      if (answer.kind === "error") throw answer.error;
      const reply = answer.kind === "element" ? { ...answer, bytes: 1 } : answer;
      for (const request of part.open) {
        if (request.consumer === consumer && request.ask.rounds.includes(round)) {
          request.decided.set(round, reply);
        }
      }
    }
    part.open = part.open.filter((request) => !this.#reply(request));
  }

  /** Replies once the first round is decided; some replies leave out what they could say of others. */
  #reply(request: OpenRequest): boolean {
    const { ask: { rounds }, decided } = request;
    if (!decided.has(rounds[0])) return false;
    const most = this.#numReplies++ % 3 === 0 ? 1 + this.#numReplies % 4 : Infinity;
    const answered = rounds.filter((round) => decided.has(round)).slice(0, most);
    this.#replies.push({ request, answered });
    return true;
  }

  #deliverReply(pick: number): void {
    if (this.#replies.length === 0) return;
    const [{ request, answered }] = this.#replies.splice(pick % this.#replies.length, 1);
    const { consumer, ask, decided } = request;
    const { task, rounds } = ask;
    if (this.#confirmations.has(ask)) return this.#confirmed(consumer, task);
    for (const round of answered) this.#answer(consumer, task, round, decided.get(round)!);
    this.#unanswered(consumer, task, rounds.filter((round) => !answered.includes(round)));
  }

  #confirmed(consumer: number, task: bigint): void {
    this.#carryOut(
      consumer,
      this.consumers[consumer].core.step({ kind: "endConfirmed", task, isHeard: true }),
    );
  }

  #unanswered(consumer: number, task: bigint, rounds: readonly number[]): void {
    if (rounds.length === 0) return;
    this.#carryOut(consumer, this.consumers[consumer].core.step({ kind: "unanswered", task, rounds }));
  }

  #loseReply(pick: number): void {
    if (this.#replies.length === 0) return;
    const [{ request }] = this.#replies.splice(pick % this.#replies.length, 1);
    this.#fail(request.consumer, request.ask);
  }

  #answer(consumer: number, task: bigint, round: number, answer: CoordinatedAnswer<Origin>): void {
    const { core } = this.consumers[consumer];
    this.#carryOut(consumer, core.step({ kind: "answered", task, round, answer }));
  }

  #fail(consumer: number, ask: Ask): void {
    const { core } = this.consumers[consumer];
    const { task, address, rounds } = ask;
    if (this.#confirmations.has(ask)) {
      return this.#carryOut(consumer, core.step({ kind: "endConfirmed", task, isHeard: false }));
    }
    this.#carryOut(consumer, core.step({ kind: "askFailed", task, address, rounds }));
  }

  // ---- workers come and go

  #start(index: number): void {
    const worker = this.#workers[index];
    if (worker.isUp) return;
    worker.run++;
    worker.isUp = true;
    worker.tables = new Map();
    this.#heartbeatOfWorker(index);
  }

  #crash(index: number): void {
    const worker = this.#workers[index];
    if (!worker.isUp) return;
    worker.isUp = false;
    if (this.#groups < Infinity) {
      const sent = this.#asks.filter(({ ask }) => worker.tables.has(Number(ask.task)));
      this.#asks = this.#asks.filter((each) => !sent.includes(each));
      for (const { consumer, ask } of sent) this.#fail(consumer, ask);
    }
    const isItsOwn = ({ request }: Reply) => worker.tables.has(Number(request.ask.task));
    // Answers on their way are lost, and whoever waited is told that the connection broke.
    const lost = this.#replies.filter(isItsOwn).map(({ request }) => request);
    for (const { open } of worker.tables.values()) lost.push(...open);
    this.#replies = this.#replies.filter((reply) => !isItsOwn(reply));
    worker.tables = new Map();
    for (const { consumer, ask } of lost) this.#fail(consumer, ask);
  }

  #heartbeatOfWorker(index: number): void {
    const worker = this.#workers[index];
    if (!worker.isUp) return;
    const currentTasks = [...worker.tables.keys()];
    const { newTasks, tasksToDelete } = this.dispatcher.worker(address(index), {
      uid: uid(index, worker.run),
      currentTasks,
    });
    for (const id of tasksToDelete) {
      worker.tables.delete(id);
      this.#replies = this.#replies.filter(({ request }) => Number(request.ask.task) !== id);
    }
    for (const { taskId } of newTasks) {
      worker.tables.set(taskId, {
        table: new RoundTable<Origin>(this.#numConsumers),
        groups: 0,
        open: [],
      });
    }
  }

  // ---- the dispatcher

  #heartbeat(index: number): void {
    const { core, clientId, isFinished } = this.consumers[index];
    if (isFinished) return;
    this.#carryOut(index, core.step({ kind: "heartbeatSent" }));
    const { tasks, finished, blockRound } = this.dispatcher.heartbeat(clientId, core.report);
    this.#carryOut(
      index,
      core.step({
        kind: "listed",
        iterationFinished: finished,
        blockRound: blockRound ?? null,
        tasks: tasks.map(({ taskId, address, uid, finished, startingRound = 0 }) => ({
          id: BigInt(taskId),
          address,
          dataAddresses: [`http://${address}/${taskId}`],
          workerUid: uid,
          finished,
          startingRound,
        })),
      }),
    );
  }

  #deliverRemoval(pick: number): void {
    if (this.#removals.length === 0) return;
    const [{ consumer, command }] = this.#removals.splice(pick % this.#removals.length, 1);
    const taskId = Number(command.task);
    const { round, untakenRound } = command;
    const found = this.dispatcher.run(findRemovable, {
      taskId,
      consumerIndex: consumer,
      round,
      untakenRound,
    });
    if (found.kind === "removed") return this.#removed(consumer, command.task, found.round);
    const meeting = this.#barriers.get(taskId) ??
      { barrier: new RemovalBarrier(this.#numConsumers), waiting: new Set<number>() };
    this.#barriers.set(taskId, meeting);
    meeting.waiting.add(consumer);
    const arrival = meeting.barrier.arrive(consumer, { round, untakenRound });
    if (arrival.kind === "disagreed") this.#refuse(taskId);
    else if (arrival.kind === "agreed") {
      this.#barriers.delete(taskId);
      this.dispatcher.run(removeTask, { taskId, round: arrival.round });
      for (const each of meeting.waiting) this.#removed(each, command.task, arrival.round);
    }
  }

  #giveUp(pick: number): void {
    const tasks = [...this.#barriers.keys()];
    if (tasks.length > 0) this.#refuse(tasks[pick % tasks.length]);
  }

  #refuse(taskId: number): void {
    const waiting = this.#barriers.get(taskId)?.waiting ?? [];
    this.#barriers.delete(taskId);
    for (const consumer of waiting) this.#removed(consumer, BigInt(taskId), null);
  }

  #removed(consumer: number, task: bigint, removedRound: number | null): void {
    this.#carryOut(
      consumer,
      this.consumers[consumer].core.step({ kind: "removalAnswered", task, removedRound }),
    );
  }
}

const address = (index: number) => `w${index}:1`;
const uid = (index: number, run: number) => `w${index}#${run}`;

/** Every consumer has its element of the same group, unless the worker began anew between them. */
function checkAlignment(consumers: readonly Consumer[]): void {
  const least = Math.min(...consumers.map(({ got }) => got.length));
  for (let k = 0; k < least; k++) {
    const [first, ...others] = consumers.map(({ got }) => got[k]);
    assertEquals(first.index, 0);
    others.forEach((other, i) => {
      assertEquals(other.index, i + 1);
      assertEquals([other.task, other.round], [first.task, first.round], `element ${k}`);
      if (other.run === first.run) assertEquals(other.group, first.group, `element ${k}`);
    });
  }
}

const weights: Record<string, number> = {
  ask: 12,
  reply: 12,
  want: 8,
  heartbeat: 5,
  workerHeartbeat: 2,
  removal: 4,
  lose: 1,
  start: 2,
  crash: 1,
  leave: 1,
  block: 1,
  giveUp: 1,
};

const event: fc.Arbitrary<Event> = fc.oneof(
  ...Object.entries(weights).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind), pick: fc.nat(1_000) }),
  })),
);

const setting = {
  numConsumers: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 0, max: WORKERS }),
  window: fc.integer({ min: 1, max: 6 }),
};

/** A history in short: "ask:0 want:73". */
function history(text: string): Event[] {
  return text.split(" ").map((word) => {
    const [kind, pick] = word.split(":");
    return { kind, pick: Number(pick) };
  });
}

/** A worker that had begun anew skipped a round for one consumer that the other had got from its former run. */
const SKIPPED_PARTIAL_ROUND: [{ numConsumers: number; workers: number; window: number }, Event[]] = [
  { "numConsumers": 2, "workers": 1, "window": 2 },
  history(
    "ask:0 ask:0 reply:0 want:0 ask:0 want:183 reply:0 ask:0 reply:0 reply:0 crash:0 want:0 heartbeat:0 " +
      "start:145 heartbeat:0 ask:0 ask:0 ask:0 want:75 want:225 heartbeat:87 want:0 removal:0 ask:0 " +
      "heartbeat:7 ask:0 ask:0 heartbeat:0 ask:0 removal:0 heartbeat:93 ask:0 ask:0 reply:0 crash:55 " +
      "block:34 ask:0 ask:0",
  ),
];

/** One consumer knew the end of its worker's former run, and took an element of the next one for a round behind it. */
const ASKED_BEHIND_THE_END: typeof SKIPPED_PARTIAL_ROUND = [
  { "numConsumers": 2, "workers": 1, "window": 2 },
  history(
    "ask:0 ask:0 reply:0 want:1 reply:0 want:229 want:78 ask:0 ask:0 ask:0 want:766 reply:0 want:77 " +
      "want:0 ask:0 reply:0 want:0 reply:0 reply:0 want:0 want:255 ask:0 ask:608 ask:387 ask:0 reply:399 " +
      "reply:0 reply:495 leave:0",
  ),
];

Deno.test("whatever happens, consumers are in step, and they get on when all is well", () => {
  fc.assert(
    fc.property(fc.record(setting), fc.array(event, { maxLength: 250, size: "max" }), (options, events) => {
      const simulation = new Simulation({ ...options, groups: Infinity });
      const { consumers } = simulation;
      for (const each of events) {
        simulation.run(each);
        checkAlignment(consumers);
      }
      const goal = Math.max(...consumers.map(({ got }) => got.length)) + 10;
      simulation.settle(() => consumers.every(({ got }) => got.length >= goal));
      checkAlignment(consumers);
      assert(consumers.every(({ got }) => got.length >= goal), "somebody is stuck");
    }),
    { numRuns: 150, examples: [SKIPPED_PARTIAL_ROUND] },
  );
});

Deno.test("finite data end for all consumers after the same element, whatever gets lost on the way", () => {
  fc.assert(
    fc.property(fc.record(setting), fc.array(event, { maxLength: 200, size: "max" }), (options, events) => {
      const simulation = new Simulation({ ...options, groups: 5 });
      const { consumers } = simulation;
      for (const each of events) simulation.run(each);
      simulation.settle(() => consumers.every(({ isFinished }) => isFinished));
      assert(consumers.every(({ isFinished }) => isFinished), "somebody does not see the end");
      checkAlignment(consumers);
      assertEquals(new Set(consumers.map(({ got }) => got.length)).size, 1);
      assert(consumers[0].got.length >= 5);
    }),
    { numRuns: 150, examples: [ASKED_BEHIND_THE_END] },
  );
});

Deno.test("the dispatcher's journal alone makes the same state of rounds", () => {
  fc.assert(
    fc.property(fc.record(setting), fc.array(event, { maxLength: 150, size: "max" }), (options, events) => {
      const simulation = new Simulation({ ...options, groups: Infinity });
      for (const each of events) simulation.run(each);
      assertEquals(simulation.dispatcher.replayed().state, simulation.dispatcher.state);
    }),
    { numRuns: 50 },
  );
});
