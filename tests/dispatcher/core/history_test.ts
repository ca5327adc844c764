import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DispatcherCore } from "../../../src/dispatcher/core/core.ts";
import { readState, writeState } from "../../../src/dispatcher/journal/state_text.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, type OneSplit, SETTINGS, TestCore } from "../support.ts";

/*
 * Random histories of one dynamically sharded iteration against a dumb model: each index of each repetition is
 * leased to one task at most, and to exactly one if the repetition is drained and nobody began a later one before.
 */

const COUNT = 40;
const WORKERS = ["w0:1", "w1:1", "w2:1"];

type Event =
  | { kind: "heartbeat"; worker: number; restarted: boolean }
  | { kind: "silence"; worker: number }
  | { kind: "leave"; worker: number }
  | { kind: "split"; worker: number; repeat: boolean; skip: boolean }
  | { kind: "finish"; worker: number }
  | { kind: "join" }
  | { kind: "release" }
  | { kind: "collect" };

const worker = fc.nat(WORKERS.length - 1);
const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("heartbeat" as const), worker, restarted: rarely }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("silence" as const), worker }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), worker }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("split" as const),
      worker,
      repeat: fc.boolean(),
      skip: rarely,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("finish" as const), worker }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("collect" as const) }) },
);

/** Drives a core through a history, as workers and readers would, and keeps the books that the core must agree with. */
class History {
  readonly core = new TestCore({ jobGcTimeoutMs: 1, workerTimeoutMs: 10 });
  readonly #job: number;
  /** For each repetition, how often each index was leased. */
  readonly leased: number[][] = [];
  readonly #uids = WORKERS.map((address) => ({ address, run: 1 }));
  /** What each run of a task knows: its repetition, and its requests' count and answers. */
  #runs = new Map<
    string,
    { repetition: number; requestId: number; last: { repetition: number; answer: string } | null }
  >();
  #latest = 0;

  constructor() {
    this.#job = this.core.job(ShardingPolicy.DYNAMIC, { name: "shared" });
    this.core.client(this.#job, { sources: [indexes(COUNT)] });
  }

  run(event: Event): void {
    this.core.now++;
    switch (event.kind) {
      case "heartbeat":
        if (event.restarted) this.#uids[event.worker].run++;
        this.#heartbeat(event.worker, event.restarted);
        break;
      case "silence":
        // The others are alive.
        this.core.now += 10;
        WORKERS.forEach((address, i) => {
          const known = this.core.state.workers.get(address);
          if (i !== event.worker && known?.lostAt === null) this.#heartbeat(i, false);
        });
        this.core.checkLiveness();
        break;
      case "leave":
        this.core.leave(WORKERS[event.worker], this.#uid(event.worker));
        break;
      case "split":
        this.#split(event);
        break;
      case "finish":
        this.core.finish(WORKERS[event.worker], ...this.#running(event.worker));
        break;
      case "join":
        this.core.client(this.#job, { sources: [indexes(COUNT)] });
        break;
      case "release": {
        const [first] = this.core.state.clients.keys();
        if (first !== undefined) this.core.release(first);
        break;
      }
      case "collect":
        this.core.collect();
    }
  }

  /** Nobody skips ahead any more: workers that are there lease the present repetition to its end. */
  drain(): void {
    if (this.#iteration === undefined) return;
    this.#heartbeat(0, false);
    if (this.#running(0).length === 0) return;
    while (this.#split({ worker: 0, repeat: false, skip: false })) { /* until its end */ }
    const { repetition } = this.#iteration.sources[0];
    this.drained = repetition;
  }

  /** The repetition that was drained. */
  drained: number | null = null;

  get #iteration() {
    return [...this.core.state.iterations.values()].find((iteration) => !iteration.finished);
  }

  #uid(worker: number): string {
    const { address, run } = this.#uids[worker];
    return `${address}#${run}`;
  }

  #running(worker: number): number[] {
    return this.core.tasksOn(WORKERS[worker]).filter((id) => !this.core.state.tasks.get(id)!.finished);
  }

  #heartbeat(worker: number, restarted: boolean): void {
    const currentTasks = restarted ? [] : this.core.tasksOn(WORKERS[worker]);
    this.core.worker(WORKERS[worker], { uid: this.#uid(worker), currentTasks });
  }

  /** One request; true if it got a split of the present repetition. */
  #split({ worker, repeat, skip }: { worker: number; repeat: boolean; skip: boolean }): boolean {
    const [taskId] = this.#running(worker);
    if (taskId === undefined) return false;
    const key = `${taskId} ${this.core.state.workers.get(WORKERS[worker])!.uid}`;
    const run = this.#runs.get(key) ?? { repetition: 0, requestId: 0, last: null };
    this.#runs.set(key, run);
    if (repeat && run.last) {
      const { repetition, answer } = run.last;
      const again = this.core.split({ taskId, repetition, requestId: run.requestId });
      assertEquals(shown(again), answer, "a repeated request gets the same answer");
      return false;
    }
    if (skip) run.repetition++;
    run.requestId++;
    const reply = this.core.split({ taskId, repetition: run.repetition, requestId: run.requestId });
    run.last = { repetition: run.repetition, answer: shown(reply) };
    if (reply.kind === "end") {
      const present = this.#iteration!.sources[0].repetition;
      // A worker that finds the end begins the next repetition only if that has begun, so that draining ends.
      if (run.repetition < present) run.repetition++;
      else return false;
      return true;
    }
    assert(run.repetition >= this.#latest, "splits of former repetitions are not given out");
    this.#latest = run.repetition;
    const counts = this.leased[run.repetition] ??= new Array(COUNT).fill(0);
    for (let i = reply.start; i < reply.end; i++) counts[i]++;
    return true;
  }
}

/** An answer as text, without the repetition that others have come to in the meantime. */
function shown(reply: OneSplit): string {
  return JSON.stringify(reply.kind === "end" ? { ...reply, currentRepetition: 0 } : reply);
}

Deno.test("whatever happens, no index of a repetition is leased twice, and a drained one is leased in full", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120, size: "max" }), (events) => {
      const history = new History();
      for (const event of events) history.run(event);
      history.drain();
      for (const counts of history.leased) {
        assert(counts === undefined || counts.every((times) => times <= 1), `leased ${counts}`);
      }
      if (history.drained !== null) {
        assertEquals(history.leased[history.drained], new Array(COUNT).fill(1));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a state made of the updates alone equals the one that made them", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80, size: "max" }), (events) => {
      const history = new History();
      for (const event of events) history.run(event);
      assertEquals(history.core.replayed().state, history.core.state);
    }),
    { numRuns: 100 },
  );
});

Deno.test("a state made of a snapshot and the updates behind it equals the one that made them", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80, size: "max" }), fc.nat(80), (events, at) => {
      const history = new History();
      for (const event of events.slice(0, at)) history.run(event);
      const { state, updates } = history.core;
      const snapshot = writeState(state);
      const definitions = new Map(state.definitions);
      const known = updates.length;
      for (const event of events.slice(at)) history.run(event);
      const core = new DispatcherCore(SETTINGS, { durable: true });
      core.restore(readState(snapshot).state((fingerprint) => definitions.get(fingerprint)!));
      for (const update of structuredClone(updates.slice(known))) core.replay(update);
      assertEquals(core.state, state);
    }),
    { numRuns: 100 },
  );
});

Deno.test("whatever happens, the counters and indexes of the state agree with what they count", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120, size: "max" }), (events) => {
      const history = new History();
      const { state } = history.core;
      for (const event of events) {
        history.run(event);
        for (const iteration of state.iterations.values()) {
          const tasks = [...iteration.tasks].map((id) => state.tasks.get(id)!);
          assertEquals(iteration.running, tasks.filter((task) => !task.finished).length);
          const clients = [...state.clients.values()].filter((client) => client.iterationId === iteration.id);
          assertEquals(iteration.clients, clients.length);
          assertEquals(state.unfinished.has(iteration.id), !iteration.finished);
          assertEquals(state.idle.has(iteration.id), iteration.finished && clients.length === 0);
          const wasLeft = iteration.lastReleasedAt !== null && clients.length === 0;
          assertEquals(state.abandoned.has(iteration.id), !iteration.finished && wasLeft);
        }
        for (const job of state.jobs.values()) {
          assertEquals(state.idleJobs.named.has(job.id), job.named && job.iterations.size === 0);
        }
        for (const dataset of state.datasets.values()) {
          const readers = [...state.iterations.values()].filter(({ datasetId }) => datasetId === dataset.id);
          assertEquals(dataset.uses, readers.length);
        }
        for (const { address, tasks, lostAt } of state.workers.values()) {
          for (const id of tasks) assertEquals(state.tasks.get(id)!.address, address);
          assert(lostAt === null || tasks.size === 0);
        }
        for (const task of state.tasks.values()) {
          assert(state.iterations.get(task.iterationId)!.tasks.has(task.id));
        }
      }
    }),
    { numRuns: 150 },
  );
});
