/** One run of the service against a seed: what is read, by whom, and what befalls them. */

import { mixSeeds, type Random, SeededRandom } from "../../src/base/mod.ts";
import { distribute, ShardingPolicy } from "../../mod.ts";
import { MemoryJournalFiles } from "../../src/dispatcher/journal/memory_journal_files.ts";
import type { DispatcherSettings } from "../../src/dispatcher/mod.ts";
import { type DataServiceNode, GRAPH } from "../../src/graph/mod.ts";
import { createDispatcherClient } from "../../src/rpc/mod.ts";
import { SETTINGS } from "../dispatcher/support.ts";
import { FINE, Network } from "./network.ts";
import { leaves, numbersOf, type Pipeline, PIPELINES } from "./pipelines.ts";
import { DISPATCHER, DispatcherProcess, ReaderProcess, WorkerProcess, type World } from "./processes.ts";
import { VirtualTime } from "./virtual_time.ts";

/** What a run came to. */
export interface Outcome {
  readonly seed: number;
  readonly pipeline: string;
  /** What happened, a line each, for people who look for the reason. */
  readonly history: readonly string[];
  /** What is wrong; empty: nothing. */
  readonly faults: readonly string[];
  /** Stands for every step of the run: another number, another run. */
  readonly trail: number;
}

const TROUBLE_MS = 8_000;
const PATIENCE_MS = 900_000;
const DRAIN_MS = 3_000;

const DISPATCHER_SETTINGS: DispatcherSettings = {
  ...SETTINGS,
  workerTimeoutMs: 2_000,
  clientTimeoutMs: 30_000,
};

type Trouble = (scenario: Scenario) => void;

/** Runs the service as the seed says. */
export async function simulate(seed: number): Promise<Outcome> {
  const scenario = new Scenario(seed);
  await scenario.run();
  return scenario.outcome;
}

class Scenario {
  readonly #seed: number;
  readonly #random: Random;
  readonly #time = new VirtualTime();
  readonly #world: World;
  readonly #network: Network;
  readonly #pipeline: Pipeline;
  readonly #node: DataServiceNode;
  readonly #history: string[] = [];
  readonly #faults: string[] = [];
  #disk = new MemoryJournalFiles();
  #dispatcher: DispatcherProcess | null = null;
  #runs = 0;
  readonly #workers: (WorkerProcess | null)[];
  readonly #readers: ReaderProcess[] = [];
  readonly #gone: number[][] = [];
  readonly #pauseMs: number;

  constructor(seed: number) {
    this.#seed = seed;
    const random = this.#random = new SeededRandom(mixSeeds(seed, 1));
    this.#network = new Network(this.#time, new SeededRandom(mixSeeds(seed, 2)));
    this.#world = { time: this.#time, network: this.#network, seed };
    this.#pipeline = PIPELINES[random.below(PIPELINES.length)];
    const readers = 1 + random.below(3);
    const read = distribute<unknown>({
      processingMode: ShardingPolicy.DYNAMIC,
      service: `http://${DISPATCHER}`,
      ...(readers > 1 && { jobName: "shared" }),
      maxOutstandingRequests: 1 + random.below(8),
    });
    this.#node = this.#pipeline.dataset.apply(read)[GRAPH] as DataServiceNode;
    this.#workers = Array.from({ length: 1 + random.below(3) }, () => null);
    this.#pauseMs = 20 + random.below(60) * readers;
    this.#readersWanted = readers;
  }

  readonly #readersWanted: number;

  get outcome(): Outcome {
    return {
      seed: this.#seed,
      pipeline: this.#pipeline.name,
      history: this.#history,
      faults: this.#faults,
      trail: this.#time.trail,
    };
  }

  async run(): Promise<void> {
    const expected = await numbersOf(this.#pipeline);
    const random = this.#random;
    this.startDispatcher();
    this.#workers.forEach((_, index) => this.startWorker(index));
    for (let i = 0; i < this.#readersWanted; i++) this.#read(i);
    this.#network.weather = {
      delayMs: random.below(3) * 20 + 1,
      loseRequest: random.below(3) * 0.02,
      loseAnswer: random.below(3) * 0.02,
      repeat: random.below(3) * 0.02,
      cut: random.below(3) * 0.02,
    };
    const begin = this.#time.now;
    const troubles = Array.from({ length: 1 + random.below(8) }, () => {
      return { at: begin + random.below(TROUBLE_MS), what: TROUBLES[random.below(TROUBLES.length)] };
    }).sort((a, b) => a.at - b.at);
    for (const { at, what } of troubles) {
      await this.#time.run(at, () => this.#isOver);
      if (this.#isOver) break;
      what(this);
    }
    await this.#time.run(begin + TROUBLE_MS, () => this.#isOver);
    this.#note("all is well again");
    this.#network.mend();
    this.#network.weather = FINE;
    this.startDispatcher();
    this.#revive();
    await this.#time.run(this.#time.now + PATIENCE_MS, () => this.#isOver);
    this.#check(expected);
    for (const process of [this.#dispatcher, ...this.#workers, ...this.#readers]) process?.kill();
    await this.#time.run(this.#time.now);
  }

  /** From now on there is always a worker. */
  #revive(): void {
    if (this.#isOver) return;
    this.startWorker(0);
    this.#time.in(DRAIN_MS, () => this.#revive());
  }

  get #isOver(): boolean {
    return this.#readers.every(({ state }) => state !== "reading");
  }

  #note(line: string): void {
    this.#history.push(`${Math.round(this.#time.now - 1_000_000)} ms: ${line}`);
  }

  // ---- what befalls them

  startDispatcher(): void {
    if (this.#dispatcher) return;
    this.#note("the dispatcher starts");
    const process = new DispatcherProcess(this.#world, DISPATCHER_SETTINGS, this.#disk, this.#runs++);
    this.#dispatcher = process;
    process.dispatcher.start().catch((error) => this.#faults.push(`the dispatcher does not start: ${error}`));
  }

  crashDispatcher(): void {
    if (!this.#dispatcher) return;
    this.#note("the dispatcher crashes");
    this.#disk = this.#dispatcher.crash(this.#random);
    this.#dispatcher = null;
    this.#time.in(this.#random.below(3_000), () => this.startDispatcher());
  }

  startWorker(pick: number): void {
    const index = pick % this.#workers.length;
    if (this.#workers[index]) return;
    this.#note(`worker ${index} starts`);
    this.#workers[index] = new WorkerProcess(this.#world, `worker-${index}:1`, this.#runs++);
  }

  crashWorker(pick: number): void {
    const index = pick % this.#workers.length;
    const worker = this.#workers[index];
    if (!worker) return;
    this.#note(`worker ${index} crashes`);
    worker.kill();
    this.#workers[index] = null;
  }

  stopWorker(pick: number): void {
    const index = pick % this.#workers.length;
    const worker = this.#workers[index];
    if (!worker) return;
    this.#note(`worker ${index} is stopped`);
    this.#workers[index] = null;
    void worker.stop();
  }

  drainWorker(pick: number): void {
    const worker = this.#workers[pick % this.#workers.length];
    const peer = this.#readers[0];
    if (!worker) return;
    this.#note(`worker ${pick % this.#workers.length} is drained`);
    // Its program ends when a heartbeat has told it.
    this.#time.in(DRAIN_MS, () => {
      worker.kill();
      const index = this.#workers.indexOf(worker);
      if (index >= 0) this.#workers[index] = null;
    });
    createDispatcherClient(DISPATCHER, peer).drainWorker({ workerAddress: worker.address })
      .catch(() => {});
  }

  part(pick: number): void {
    const addresses = [DISPATCHER, ...this.#workers.keys().map((index) => `worker-${index}:1`)];
    const others = [...addresses, ...this.#readers.map(({ address }) => address)];
    const a = addresses[pick % addresses.length];
    const b = others[(pick >>> 8) % others.length];
    if (a === b) return;
    this.#note(`${a} and ${b} cannot reach each other`);
    this.#network.part(a, b);
    this.#time.in(this.#random.below(8_000), () => {
      this.#note("the network is mended");
      this.#network.mend();
    });
  }

  /** A program keeps its checkpoint, reads on, dies, and another one goes on from the checkpoint. */
  replaceReader(pick: number): void {
    const reading = this.#readers.filter(({ state }) => state === "reading");
    const reader = reading[pick % reading.length];
    if (!reader || this.#readersWanted > 1) return;
    const checkpoint = JSON.parse(JSON.stringify(reader.checkpoint()));
    const got = reader.got.length;
    this.#note(`${reader.address} makes a checkpoint after ${got} elements`);
    this.#time.in(this.#random.below(2_000), () => {
      if (reader.state !== "reading") return;
      this.#note(
        `${reader.address} dies after ${reader.got.length} elements; another goes on from the checkpoint`,
      );
      reader.kill();
      reader.got.length = got;
      this.#read(this.#readers.length, checkpoint);
    });
  }

  #read(index: number, resume: ReturnType<ReaderProcess["checkpoint"]> = null): void {
    const options = { node: this.#node, resume, pauseMs: this.#pauseMs };
    this.#readers.push(new ReaderProcess(this.#world, `reader-${index}:1`, options));
  }

  get random(): Random {
    return this.#random;
  }

  // ---- what must be true

  #check(expected: ReadonlyMap<number, number>): void {
    for (const { address, state, error } of this.#readers) {
      if (state === "reading") this.#faults.push(`${address} hangs`);
      if (state === "failed") this.#faults.push(`${address} failed: ${error}`);
    }
    const counts = new Map(expected);
    for (const reader of this.#readers) {
      for (const element of reader.got) {
        for (const leaf of leaves(element)) counts.set(leaf, (counts.get(leaf) ?? 0) - 1);
      }
    }
    const lost = [...counts].filter(([, count]) => count > 0).map(([leaf]) => leaf);
    const twice = [...counts].filter(([, count]) => count < 0).map(([leaf]) => leaf);
    if (lost.length > 0) this.#faults.push(`lost: ${lost.slice(0, 20).join(" ")} (${lost.length})`);
    if (twice.length > 0) this.#faults.push(`too often: ${twice.slice(0, 20).join(" ")} (${twice.length})`);
  }
}

const TROUBLES: readonly Trouble[] = [
  (s) => s.crashDispatcher(),
  (s) => s.crashWorker(s.random.uint32()),
  (s) => s.crashWorker(s.random.uint32()),
  (s) => s.stopWorker(s.random.uint32()),
  (s) => s.drainWorker(s.random.uint32()),
  (s) => s.startWorker(s.random.uint32()),
  (s) => s.startWorker(s.random.uint32()),
  (s) => s.part(s.random.uint32()),
  (s) => s.replaceReader(s.random.uint32()),
];
