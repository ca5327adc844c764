/** One run of the service against a seed: what is read, by whom, and what befalls them. */

import { mixSeeds, type Random, SeededRandom } from "../../src/base/mod.ts";
import { distribute, ShardingPolicy } from "../../mod.ts";
import { MemoryJournalFiles } from "../../src/dispatcher/journal/memory_journal_files.ts";
import type { DispatcherSettings } from "../../src/dispatcher/mod.ts";
import { type DataServiceNode, GRAPH } from "../../src/graph/mod.ts";
import { createDispatcherClient } from "../../src/rpc/mod.ts";
import { SETTINGS } from "../dispatcher/support.ts";
import "./digest.ts";
import { Chronicle } from "./chronicle.ts";
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
const START_MS = 5_000;
// Snapshots are taken from 4 KiB of updates on, or twice as much as the last one was.
const MAX_DISK_BYTES = 64 * 1024;
// Longer than sessions and clients are kept that say nothing.
const FORGOTTEN_MS = 60_000;

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
  readonly #diskMs: number;
  readonly #chronicle = new Chronicle((fault) => this.#blame(fault));
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
    this.#pipeline = PIPELINES[random.below(PIPELINES.length)];
    const readers = 1 + random.below(3);
    const maxOutstandingRequests = 1 + random.below(8);
    this.#world = {
      time: this.#time,
      network: this.#network,
      seed,
      maxBlocks: maxOutstandingRequests,
      tell: (fault) => this.#blame(fault),
    };
    const read = distribute<unknown>({
      processingMode: ShardingPolicy.DYNAMIC,
      service: `http://${DISPATCHER}`,
      ...(readers > 1 && { jobName: "shared" }),
      maxOutstandingRequests,
    });
    this.#node = this.#pipeline.dataset.apply(read)[GRAPH] as DataServiceNode;
    this.#workers = Array.from({ length: 1 + random.below(3) }, () => null);
    this.#pauseMs = 20 + random.below(60) * readers;
    this.#readersWanted = readers;
    this.#diskMs = random.below(3) * 8;
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
    for (const process of [this.#dispatcher, ...this.#workers, ...this.#readers]) process?.calm();
    this.startDispatcher();
    this.#revive();
    await this.#time.run(this.#time.now + PATIENCE_MS, () => this.#isOver);
    this.#checkReaders();
    await this.#readRest();
    this.#checkElements(expected);
    for (const process of [...this.#workers, ...this.#readers]) process?.kill();
    await this.#startAgain();
  }

  /** From now on there is always a worker. */
  #revive(): void {
    if (this.#isOver) return;
    this.startWorker(0);
    this.#time.in(DRAIN_MS, () => this.#revive());
  }

  /** What readers that left or died had waits for the next one, if the others had come to their end before. */
  async #readRest(): Promise<void> {
    if (!this.#readers.some(({ state }) => state === "left" || state === "killed")) return;
    await this.#time.run(this.#time.now + FORGOTTEN_MS);
    this.#note("another reader comes");
    this.#read(this.#readers.length);
    this.#revive();
    await this.#time.run(this.#time.now + PATIENCE_MS, () => this.#isOver);
    this.#checkReaders();
  }

  /** At the end, once more: what the dispatcher knows it knows again. */
  async #startAgain(): Promise<void> {
    if (!this.#dispatcher) this.startDispatcher();
    await this.#time.run(this.#time.now + START_MS);
    const bytes = await bytesOn(this.#disk);
    if (bytes > MAX_DISK_BYTES) this.#blame(`the journal has ${bytes} bytes`);
    this.#disk = this.#dispatcher!.crash(this.#random);
    this.#dispatcher = null;
    this.startDispatcher();
    await this.#time.run(this.#time.now + START_MS);
    this.#dispatcher!.kill();
    await this.#time.run(this.#time.now);
  }

  /** The same fault may come a hundred times. */
  #blame(fault: string): void {
    if (this.#faults.length < 5 && !this.#faults.includes(fault)) this.#faults.push(fault);
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
    const process = new DispatcherProcess(this.#world, {
      settings: DISPATCHER_SETTINGS,
      disk: this.#disk,
      diskMs: this.#diskMs,
      chronicle: this.#chronicle,
      run: this.#runs++,
    });
    this.#dispatcher = process;
    process.dispatcher.start().catch((error) => {
      if (!process.gone.aborted) this.#blame(`the dispatcher does not start: ${error}`);
    });
  }

  /** Now, or in the middle of something soon. */
  crashDispatcher(): void {
    const process = this.#dispatcher;
    if (!process) return;
    process.light(this.#steps(), () => {
      this.#note("the dispatcher crashes");
      this.#disk = process.crash(this.#random);
      this.#dispatcher = null;
      this.#time.in(this.#random.below(3_000), () => this.startDispatcher());
    });
  }

  #steps(): number {
    return this.#random.below(3) * this.#random.below(20);
  }

  startWorker(pick: number): void {
    const index = pick % this.#workers.length;
    const present = this.#workers[index];
    // It may have ended by itself: the late copy of a request to drain its predecessor drains it.
    if (present && !present.gone.aborted) return;
    this.#note(`worker ${index} starts`);
    this.#workers[index] = new WorkerProcess(this.#world, `worker-${index}:1`, this.#runs++);
  }

  crashWorker(pick: number): void {
    const index = pick % this.#workers.length;
    const worker = this.#workers[index];
    if (!worker) return;
    worker.light(this.#steps(), () => {
      if (this.#workers[index] !== worker) return;
      this.#note(`worker ${index} crashes`);
      worker.kill();
      this.#workers[index] = null;
    });
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
      reader.replaceFrom(got);
      this.#read(this.#readers.length, checkpoint);
    });
  }

  /** One of several readers dies, is cut off for good, or has enough: what it had not got comes to the others. */
  loseReader(pick: number): void {
    const reading = this.#readers.filter(({ state }) => state === "reading");
    const reader = reading[pick % reading.length];
    if (reading.length < 2) return;
    reader.light(this.#steps(), () => {
      if (reader.state !== "reading" || this.#readers.every((r) => r === reader || r.state !== "reading")) {
        return;
      }
      const how = (["leaves", "dies", "freezes"] as const)[pick % 3];
      this.#note(`${reader.address} ${how} after ${reader.got.length} elements`);
      if (how === "leaves") void reader.leave();
      else if (how === "dies") reader.kill();
      else reader.freeze();
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

  #checkReaders(): void {
    for (const { address, state, error } of this.#readers) {
      if (state === "reading") this.#blame(`${address} hangs`);
      if (state === "failed") this.#blame(`${address} failed: ${error}`);
    }
  }

  #checkElements(expected: ReadonlyMap<number, number>): void {
    const counts = new Map(expected);
    const mayComeAgain = new Map<number, number>();
    for (const { got, state } of this.#readers) {
      for (const leaf of got.flatMap(leaves)) {
        counts.set(leaf, (counts.get(leaf) ?? 0) - 1);
        // It may not have said that it had them.
        if (state === "left" || state === "killed") mayComeAgain.set(leaf, (mayComeAgain.get(leaf) ?? 0) + 1);
      }
    }
    const lost = [...counts].filter(([, count]) => count > 0).map(([leaf]) => leaf);
    const twice = [...counts].filter(([leaf, count]) => -count > (mayComeAgain.get(leaf) ?? 0)).map((
      [leaf],
    ) => leaf);
    if (lost.length > 0) this.#faults.push(`lost: ${lost.slice(0, 20).join(" ")} (${lost.length})`);
    if (twice.length > 0) this.#faults.push(`too often: ${twice.slice(0, 20).join(" ")} (${twice.length})`);
  }
}

async function bytesOn(disk: MemoryJournalFiles): Promise<number> {
  let bytes = 0;
  for (const name of disk.names()) bytes += (await disk.read(name)).byteLength;
  return bytes;
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
  (s) => s.loseReader(s.random.uint32()),
];
