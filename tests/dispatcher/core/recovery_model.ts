/**
 * A service of dumb parts around a real core: workers that make elements one by one, readers that buffer and take them.
 * It knows what became of every element, so that a test can say whether each was delivered once.
 */

import { assert, assertEquals } from "@std/assert";
import { DispatcherCore } from "../../../src/dispatcher/core/core.ts";
import type { LeasedSplit } from "../../../src/dispatcher/core/get_split.ts";
import { countRests, type Rests } from "../../../src/dispatcher/core/rests.ts";
import type { Iteration } from "../../../src/dispatcher/core/state.ts";
import type { DeepReadonly } from "../../../src/dispatcher/core/deep_readonly.ts";
import { readState, writeState } from "../../../src/dispatcher/journal/state_text.ts";
import { ConsumedSet, NO_MORE_OFFSETS } from "../../../src/element/mod.ts";
import { ShardingPolicy } from "../../../src/graph/mod.ts";
import { indexes, KEY, SETTINGS, TestCore } from "../support.ts";

/** How many indexes each source has. */
export const COUNTS = [9, 5];
/** How often the pipeline repeats its sources. */
export const REPETITIONS = 2;
/** The addresses of the workers. */
export const WORKERS = ["w0:1", "w1:1", "w2:1"];

/** How many outputs an index has; those of the second source have one and are not numbered. */
const outputsOf = (source: number, index: number) => source === 1 ? 1 : index % 4;

interface Element {
  readonly name: string;
  /** What it consumes: passes, indexes, and offsets of them. */
  readonly entries: Entry[];
}

interface Entry {
  readonly source: number;
  readonly repetition: number;
  readonly index: number;
  /** null: the whole index. */
  readonly offsets: readonly [start: number, end: number] | null;
}

/** A run of a task on a worker. */
interface Run {
  readonly taskId: number;
  source: number;
  repetition: number;
  requestIds: number[];
  /** Made and not sent. */
  ready: Element[];
  /** What was dropped since the last element. */
  dropped: Entry[];
  ended: boolean;
}

interface Worker {
  readonly address: string;
  run: number;
  alive: boolean;
  runs: Map<number, Run>;
}

interface Reader {
  readonly id: number;
  /** The same of all readers that went on from one another's checkpoints. */
  readonly lineage: number;
  readonly buffers: Map<number, Element[]>;
  readonly news: Map<number, ConsumedSet>;
  readonly left: Set<number>;
  /** What its program has, also before the checkpoint that it came with. */
  readonly whole: ConsumedSet;
  readonly got: string[];
  readonly told: Set<number>;
}

/** Where a reader stood. */
interface Token {
  readonly id: number;
  readonly lineage: number;
  readonly whole: ConsumedSet;
  readonly got: readonly string[];
  readonly readers: number;
}

/** The service. */
export class RecoveryModel {
  core = new TestCore({ workerTimeoutMs: 10, jobGcTimeoutMs: -1, leaseTimeoutMs: 50 });
  readonly #job: number;
  readonly #workers: Worker[] = WORKERS.map((address) => ({
    address,
    run: 1,
    alive: false,
    runs: new Map(),
  }));
  readers: Reader[] = [];
  /** What programs got that are gone for good. */
  readonly gone: string[] = [];
  /** What programs took that ended without a word: others may get it again. */
  readonly unsaid = new Set<string>();
  /** Checkpoints, the latest first. */
  readonly tokens: Token[] = [];

  constructor(named: boolean) {
    this.#job = this.core.job(ShardingPolicy.DYNAMIC, { name: named ? "shared" : null, weakness: null });
    this.join();
  }

  get iteration(): DeepReadonly<Iteration> {
    return [...this.core.state.iterations.values()].at(-1)!;
  }

  // ---- readers

  join(token?: Token): void {
    this.core.now++;
    const id = this.core.client(this.#job, {
      sources: COUNTS.map(indexes),
      checkpoint: token
        ? {
          key: KEY,
          clientId: token.id,
          consumed: token.whole.sources(),
          position: 0,
          readers: token.readers,
        }
        : null,
    });
    this.readers.push({
      id,
      lineage: token?.lineage ?? id,
      buffers: new Map(),
      news: new Map(),
      left: new Set(),
      whole: token?.whole.copy() ?? new ConsumedSet(),
      got: [...token?.got ?? []],
      told: new Set(),
    });
    this.heartbeat(this.readers.length - 1);
  }

  heartbeat(which: number, answered = true): void {
    const reader = this.readers[which];
    if (!reader || !this.core.state.clients.has(reader.id)) return;
    const left = [...reader.left];
    const starved = this.iteration.finished
      ? []
      : [...reader.told].filter((id) => !reader.buffers.get(id)?.length);
    const view = this.core.heartbeat(reader.id, {
      consumed: Array.from(reader.news, ([taskId, set]) => ({ taskId, consumed: set.sources() })),
      leftTasks: left,
      starvedTasks: starved,
    });
    if (!answered) return;
    reader.news.clear();
    for (const id of left) reader.left.delete(id);
    const listed = new Set(view.tasks.map(({ taskId }) => taskId));
    for (const id of view.lostTasks ?? []) {
      reader.left.add(id);
      reader.buffers.delete(id);
    }
    for (const id of reader.buffers.keys()) if (!listed.has(id)) reader.buffers.delete(id);
    reader.told.clear();
    for (const id of listed) if (!view.lostTasks?.includes(id)) reader.told.add(id);
    assertEquals(view.finished && view.recovering, view.finished ? undefined : false);
  }

  fetch(which: number, worker: number, count: number): void {
    const reader = this.readers[which];
    const { alive, runs } = this.#workers[worker];
    if (!reader || !alive) return;
    for (const run of runs.values()) {
      if (!reader.told.has(run.taskId)) continue;
      const buffer = reader.buffers.get(run.taskId) ?? [];
      buffer.push(...run.ready.splice(0, count));
      reader.buffers.set(run.taskId, buffer);
    }
  }

  take(which: number, count: number): void {
    const reader = this.readers[which];
    if (!reader) return;
    for (const [taskId, buffer] of reader.buffers) {
      for (const element of buffer.splice(0, count)) {
        reader.got.push(element.name);
        const news = reader.news.get(taskId) ?? new ConsumedSet();
        reader.news.set(taskId, news);
        for (const entry of element.entries) for (const set of [news, reader.whole]) addEntry(set, entry);
      }
    }
  }

  /** A reader leaves; silently, where nobody hears what it has. */
  leave(which: number, silently: boolean): void {
    const [reader] = this.readers.splice(which, 1);
    if (!reader) return;
    this.#returnBuffers(reader);
    this.gone.push(...reader.got);
    if (!silently) {
      const consumed = Array.from(reader.news, ([taskId, set]) => ({ taskId, consumed: set.sources() }));
      this.core.release(reader.id, consumed);
      return;
    }
    this.#noteUnsaid(reader);
    this.core.release(reader.id);
  }

  checkpoint(which: number): void {
    const reader = this.readers[which];
    if (!reader) return;
    const { id, lineage, whole, got } = reader;
    this.tokens.unshift({ id, lineage, whole: whole.copy(), got: [...got], readers: this.readers.length });
  }

  /** The reader of a checkpoint, or whoever went on from it since, is killed and goes on from there. */
  resume(which: number): void {
    const chosen = which % this.tokens.length;
    const token = this.tokens[chosen];
    if (!token || this.iteration.finished) return;
    const at = this.readers.findIndex(({ lineage }) => lineage === token.lineage);
    if (at < 0) return;
    // What later ones hold is given again from now on, perhaps to others.
    this.tokens.splice(
      0,
      chosen,
      ...this.tokens.slice(0, chosen).filter(({ lineage }) => lineage !== token.lineage),
    );
    // What it had in hand goes with its tasks, which are no more.
    this.readers.splice(at, 1);
    this.join(token);
  }

  #noteUnsaid(reader: Reader): void {
    const unsaid = new Set<string>();
    for (const set of reader.news.values()) for (const name of namesOf(set)) unsaid.add(name);
    for (const name of reader.got) if (unsaid.has(name)) this.unsaid.add(name);
  }

  /** What a reader had in hand goes back to the workers that sent it. */
  #returnBuffers(reader: Reader): void {
    for (const [taskId, buffer] of reader.buffers) {
      for (const { alive, runs } of this.#workers) if (alive) runs.get(taskId)?.ready.unshift(...buffer);
    }
  }

  // ---- workers

  start(which: number): void {
    const worker = this.#workers[which];
    if (worker.alive) return this.beat(which);
    worker.alive = true;
    worker.run++;
    worker.runs.clear();
    this.beat(which);
  }

  beat(which: number): void {
    const worker = this.#workers[which];
    if (!worker.alive) return;
    const { newTasks, tasksToDelete, drain } = this.core.worker(worker.address, {
      uid: `${worker.address}#${worker.run}`,
      currentTasks: [...worker.runs.keys()],
    });
    for (const id of tasksToDelete) worker.runs.delete(id);
    for (const { taskId, tracksProvenance } of newTasks) {
      assert(tracksProvenance);
      this.#begin(worker, taskId);
    }
    if (drain) this.stop(which, "leave");
  }

  #begin({ runs }: Worker, taskId: number): void {
    if (runs.has(taskId)) return;
    runs.set(taskId, {
      taskId,
      source: 0,
      repetition: 0,
      requestIds: COUNTS.map(() => 0),
      ready: [],
      dropped: [],
      ended: false,
    });
  }

  stop(which: number, how: "kill" | "leave" | "restart" | "drain"): void {
    const worker = this.#workers[which];
    if (!worker.alive) return;
    if (how === "drain") {
      const known = this.core.state.workers.get(worker.address);
      if (known?.lostAt !== null) return;
      this.core.drain(worker.address);
      return;
    }
    worker.alive = false;
    worker.runs.clear();
    if (how === "leave") this.core.leave(worker.address, `${worker.address}#${worker.run}`);
    else if (how === "restart") this.start(which);
    else this.silence();
  }

  /** Time goes by: whoever does not live is found out. */
  silence(): void {
    this.core.now += 10;
    for (const [i, { alive }] of this.#workers.entries()) if (alive) this.beat(i);
    this.core.checkLiveness();
  }

  work(which: number, repeat: boolean): void {
    const { alive, runs } = this.#workers[which];
    if (!alive) return;
    for (const run of runs.values()) if (!run.ended) this.#work(run, repeat);
    this.#report(which);
  }

  #work(run: Run, repeat: boolean): void {
    const { taskId, source, repetition } = run;
    if (!this.core.state.tasks.has(taskId)) return void (run.ended = true);
    const ask = { taskId, source, repetition, requestId: ++run.requestIds[source] };
    const reply = this.core.splits(ask);
    if (repeat) {
      assertEquals(plainly(this.core.splits(ask)), plainly(reply), "a repeated request gets the same answer");
    }
    if (reply.kind === "splits") {
      assert(reply.splits.length > 0);
      for (const split of reply.splits) this.#expand(run, source, split);
      return;
    }
    run.repetition++;
    if (run.repetition < REPETITIONS) return;
    run.repetition = 0;
    run.source++;
    if (run.source === COUNTS.length) run.ended = true;
  }

  #expand(run: Run, source: number, { start, end, repetition, consumed }: LeasedSplit): void {
    const has = new ConsumedSet(consumed ? [consumed] : []).of(source, repetition);
    for (let index = start; index < end; index++) {
      if (source === 1) {
        this.#emit(run, nameOf(source, repetition, index, 0), { source, repetition, index, offsets: null });
        continue;
      }
      const outputs = outputsOf(source, index);
      for (let offset = 0; offset < outputs; offset++) {
        if (has?.partial.get(index)?.has(offset)) continue;
        const name = nameOf(source, repetition, index, offset);
        this.#emit(run, name, { source, repetition, index, offsets: [offset, offset + 1] });
      }
      run.dropped.push({ source, repetition, index, offsets: [outputs, NO_MORE_OFFSETS] });
    }
  }

  #emit(run: Run, name: string, entry: Entry): void {
    run.ready.push({ name, entries: [...run.dropped.splice(0), entry] });
  }

  /** Ended tasks of which nobody has anything in hand are over. */
  #report(which: number): void {
    const { address, runs } = this.#workers[which];
    for (const run of runs.values()) {
      const held = this.readers.some(({ buffers }) => (buffers.get(run.taskId)?.length ?? 0) > 0);
      if (run.ended && run.ready.length === 0 && !held && this.core.state.tasks.has(run.taskId)) {
        this.core.finish(address, run.taskId);
      }
    }
  }

  // ---- the whole

  /** The dispatcher starts again from its journal. */
  restart(viaSnapshot: boolean): void {
    const core = viaSnapshot ? new DispatcherCore(SETTINGS, { durable: true }) : this.core.replayed();
    const { state } = this.core;
    if (viaSnapshot) {
      core.restore(readState(writeState(state)).state((fingerprint) => state.definitions.get(fingerprint)!));
    }
    assertEquals(core.state, state);
  }

  /** Everybody does what they are for until the iteration is over, but for what happens in the first rounds. */
  finish(events: readonly ((model: this) => void)[]): void {
    for (let round = 0; !this.iteration.finished; round++) {
      events[round]?.(this);
      assert(round < 200, `the iteration does not end: ${JSON.stringify(shown(this.iteration))}`);
      if (this.readers.length === 0) this.join();
      this.core.now += 3_000;
      WORKERS.forEach((_, worker) => this.start(worker));
      WORKERS.forEach((_, worker) => {
        this.work(worker, false);
        this.readers.forEach((_, reader) => this.fetch(reader, worker, 2));
      });
      this.readers.forEach((_, reader) => {
        this.take(reader, 2);
        this.heartbeat(reader);
      });
    }
  }

  /** Every element was delivered once; what was taken and never said may have come again. */
  checkDelivered(): void {
    const counts = new Map<string, number>();
    for (const name of [...this.gone, ...this.readers.flatMap(({ got }) => got)]) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const [source, count] of COUNTS.entries()) {
      for (let repetition = 0; repetition < REPETITIONS; repetition++) {
        for (let index = 0; index < count; index++) {
          for (let offset = 0; offset < outputsOf(source, index); offset++) {
            const name = nameOf(source, repetition, index, offset);
            const times = counts.get(name) ?? 0;
            counts.delete(name);
            assert(
              times === 1 || (times > 1 && this.unsaid.has(name)),
              `${name} was delivered ${times} times`,
            );
          }
        }
      }
    }
    assertEquals([...counts], []);
  }

  /** No output is with two tasks, or with a task and waiting. */
  checkLeases(): void {
    const { iteration, core: { state } } = this;
    if (iteration.finished) return;
    const holders: Rests[][] = [];
    for (const id of iteration.tasks) {
      const task = state.tasks.get(id)!;
      if (!task.finished) holders.push(task.leases.map(({ rests }) => rests as Rests));
    }
    for (const { rests } of iteration.recovery!.lost.values()) holders.push([...rests] as Rests[]);
    holders.push(iteration.sources.map(({ pending }) => pending as Rests));
    const seen = new Set<string>();
    for (const rests of holders) {
      for (const [source, of] of rests.entries()) {
        for (const name of missingIn(source, of)) {
          if (this.unsaid.has(name)) continue;
          assert(!seen.has(name), `${name} is held twice`);
          seen.add(name);
        }
        assert(countRests(of) <= COUNTS[source] * REPETITIONS);
      }
    }
    const awaited = [...iteration.recovery!.lost.values()].flatMap(({ awaits }) => [...awaits]);
    for (const id of awaited) assert(state.clients.has(id));
  }
}

function nameOf(source: number, repetition: number, index: number, offset: number): string {
  return `${source}.${repetition}.${index}.${offset}`;
}

function addEntry(set: ConsumedSet, { source, repetition, index, offsets }: Entry): void {
  if (offsets === null) set.add(source, repetition, index, index + 1);
  else set.addOffsets(source, repetition, index, ...offsets);
}

function namesOf(set: ConsumedSet): string[] {
  const names: string[] = [];
  for (const { source, repetition, ranges, partial } of set.sources()) {
    for (const { start, end } of ranges) {
      for (let index = start; index < end; index++) {
        for (let offset = 0; offset < outputsOf(source, index); offset++) {
          names.push(nameOf(source, repetition, index, offset));
        }
      }
    }
    for (const { index, offsets } of partial) {
      for (const { start, end } of offsets) {
        for (let offset = start; offset < Math.min(end, 4); offset++) {
          names.push(nameOf(source, repetition, index, offset));
        }
      }
    }
  }
  return names;
}

function missingIn(source: number, rests: Rests): string[] {
  const names: string[] = [];
  for (const [repetition, { indexes, taken }] of rests) {
    for (let i = 0; i < indexes.length; i += 2) {
      for (let index = indexes[i]; index < indexes[i + 1]; index++) {
        const bounds = taken.get(index) ?? [];
        for (let offset = 0; offset < outputsOf(source, index); offset++) {
          const isTaken = bounds.some((bound, at) =>
            at % 2 === 0 && bound <= offset && offset < bounds[at + 1]
          );
          if (!isTaken) names.push(nameOf(source, repetition, index, offset));
        }
      }
    }
  }
  return names;
}

function plainly(reply: unknown): string {
  return JSON.stringify(reply);
}

function shown(value: unknown): unknown {
  if (value instanceof Map) return Array.from(value, ([key, entry]) => [key, shown(entry)]);
  if (value instanceof Set) return [...value];
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shown(entry)]));
}
