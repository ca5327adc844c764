/** The service's three kinds of processes, real in all but time, network and disk, and mortal. */

import { type Clock, mixSeeds, type Random, SeededRandom, silentLog } from "../../src/base/mod.ts";
import { createDataServiceReader, type ServiceCheckpoint } from "../../src/client/mod.ts";
import { Dataset } from "../../src/dataset/mod.ts";
import {
  createDispatcher,
  createFileJournal,
  type Dispatcher,
  type DispatcherSettings,
} from "../../src/dispatcher/mod.ts";
import { MemoryJournalFiles } from "../../src/dispatcher/journal/memory_journal_files.ts";
import { type Element, portableCodecs } from "../../src/element/mod.ts";
import { DONE } from "../../src/executor/mod.ts";
import type { DataServiceNode } from "../../src/graph/mod.ts";
import {
  createDispatcherClient,
  createWorkerClient,
  type FetchHandler,
  mountServices,
} from "../../src/rpc/mod.ts";
import { memoryFileSystem } from "../../src/sources/mod.ts";
import { createInProcessHost, createWorker, type Worker } from "../../src/worker/mod.ts";
import { boundedHost } from "./bounded_host.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Network, Peer } from "./network.ts";
import { slowDisk } from "./slow_disk.ts";
import { ProcessClock, type VirtualTime } from "./virtual_time.ts";

/** Where everything happens. */
export interface World {
  readonly time: VirtualTime;
  readonly network: Network;
  readonly seed: number;
  /** Blocks that a reader has room for. */
  readonly maxBlocks: number;
  /** Told what is wrong. */
  tell(fault: string): void;
}

export const DISPATCHER = "dispatcher:1";

/** What every process has. */
abstract class Process implements Peer {
  readonly address: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  readonly #clock: ProcessClock;
  readonly #gone = new AbortController();
  #isFrozen = false;
  #fuse: { steps: number; readonly burnt: () => void } | null = null;
  abstract readonly handle: FetchHandler | null;

  constructor(world: World, address: string, run: number) {
    this.address = address;
    this.clock = this.#clock = new ProcessClock(world.time);
    this.random = new SeededRandom(mixSeeds(world.seed, hash(address), run));
    const send = world.network.fetchOf(this);
    this.fetch = async (...call) => {
      this.step();
      if (this.#isFrozen) return await new Promise(() => {});
      const answer = await send(...call);
      this.step();
      return answer;
    };
  }

  /** Calls `burnt` in the middle of its work: `steps` steps from now, each a message, a visit to the disk, an element. */
  light(steps: number, burnt: () => void): void {
    this.#fuse = { steps, burnt };
  }

  /** What was lit goes out. */
  calm(): void {
    this.#fuse = null;
  }

  /** Comes before and after whatever others can notice. */
  protected step(): void {
    const fuse = this.#fuse;
    if (!fuse || fuse.steps-- > 0) return;
    this.#fuse = null;
    fuse.burnt();
  }

  /** A handler of requests that takes its steps. */
  protected answering(handle: FetchHandler): FetchHandler {
    return (request) => {
      this.step();
      return handle(request)?.finally(() => this.step()) ?? null;
    };
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Does nothing more, and leaves its connections open: its machine was suspended, or its cable pulled. */
  freeze(): void {
    this.#clock.stop();
    this.#isFrozen = true;
  }

  /** The end of the process, between two of its steps: nothing that it still does reaches anybody. */
  kill(): void {
    this.#clock.stop();
    this.#gone.abort(new Error(`${this.address} was killed`));
  }
}

/** A dispatcher, with its disk. */
export class DispatcherProcess extends Process {
  readonly dispatcher: Dispatcher;
  readonly handle: FetchHandler;
  readonly #disk: MemoryJournalFiles;
  readonly #chronicle: Chronicle;

  constructor(
    world: World,
    { settings, disk, diskMs, chronicle, run }: {
      settings: DispatcherSettings;
      disk: MemoryJournalFiles;
      /** Longest time that an operation of the disk takes, in milliseconds. */
      diskMs: number;
      chronicle: Chronicle;
      run: number;
    },
  ) {
    super(world, DISPATCHER, run);
    this.#disk = disk;
    this.#chronicle = chronicle;
    const files = slowDisk(disk, async () => {
      this.step();
      const ms = this.random.below(diskMs + 1);
      if (ms > 0) await this.clock.sleep(ms);
    });
    const journal = createFileJournal({ files, log: silentLog, segmentBytes: 4_096, snapshotBytes: 4_096 });
    this.dispatcher = createDispatcher({
      config: settings,
      clock: this.clock,
      random: this.random,
      log: silentLog,
      journal: chronicle.watch(journal, () => this.dispatcher.parts.state),
      listFiles: () => Promise.resolve([]),
      workerClient: (address) => createWorkerClient(address, this),
    });
    this.handle = this.answering(mountServices((router) => this.dispatcher.routes(router), {
      plain: this.dispatcher.plainMethods(),
    }));
    world.network.join(this);
  }

  /** Kills it, or its machine: what was not synced survives by chance then. Gives the disk. */
  crash(random: Random): MemoryJournalFiles {
    this.kill();
    this.#chronicle.end();
    return random.below(3) === 0 ? this.#disk.kill() : this.#disk.crash(random);
  }
}

/** A worker that runs its tasks in its own process. */
export class WorkerProcess extends Process {
  readonly worker: Worker;
  readonly handle: FetchHandler;

  constructor(world: World, address: string, run: number) {
    super(world, address, run);
    const { clock, random, fetch } = this;
    const dispatcher = createDispatcherClient(DISPATCHER, { fetch, clock });
    const environment = { clock, random, log: silentLog, codecs: portableCodecs, fetch };
    const host = createInProcessHost({
      ...environment,
      files: memoryFileSystem({}),
      Dataset,
      dataService: createDataServiceReader(environment),
      dispatcher,
      dispatcherTimeoutMs: 600_000,
      sessionTimeoutMs: 20_000,
      targetBytes: 64,
      turnLoop: () => Promise.resolve(),
    });
    this.worker = createWorker({
      config: {
        heartbeatIntervalMs: 1_000,
        dispatcherTimeoutMs: 600_000,
        workerTags: [],
        shutdownQuietPeriodMs: 0,
        drainTimeoutMs: 5_000,
      },
      address: () => address,
      clock,
      random,
      log: silentLog,
      dispatcher,
      onDrain: () => void this.stop(),
      host: boundedHost(host, world.maxBlocks, (fault) => world.tell(fault)),
    });
    this.handle = this.answering((request) => this.worker.handle(request));
    world.network.join(this);
    this.worker.start().catch(() => {});
  }

  /** Ends as a program does that is told to, and is gone then. */
  async stop(): Promise<void> {
    await this.worker.stop().catch(() => {});
    this.kill();
  }
}

/** A program that reads a dataset, at a pace of its own. */
export class ReaderProcess extends Process {
  readonly handle = null;
  readonly #got: Element[] = [];
  /** How many of its elements count; what it got behind them is given to whoever goes on from its checkpoint. */
  #counted = Infinity;
  readonly #abort = new AbortController();
  readonly #reader: ReturnType<ReturnType<typeof createDataServiceReader>>;
  state: "reading" | "finished" | "failed" | "left" | "killed" | "replaced" = "reading";
  error: unknown;

  constructor(world: World, address: string, options: {
    node: DataServiceNode;
    resume?: ServiceCheckpoint | null;
    /** Longest pause behind an element, in milliseconds. */
    pauseMs: number;
  }) {
    super(world, address, 0);
    const { clock, random, fetch } = this;
    const read = createDataServiceReader({ clock, random, log: silentLog, codecs: portableCodecs, fetch });
    this.#reader = read(options.node, { signal: this.#abort.signal, resume: options.resume ?? null });
    world.network.join(this);
    void this.#run(options.pauseMs);
  }

  async #run(pauseMs: number): Promise<void> {
    try {
      for (;;) {
        const element = await this.#reader.next();
        if (element === DONE) break;
        this.#got.push(element);
        this.step();
        if (this.state !== "reading") return;
        const pause = pauseMs > 0 ? this.random.below(pauseMs + 1) : 0;
        if (pause > 0) await this.clock.sleep(pause);
        if (this.state !== "reading") return;
      }
      // One that leaves while it waits comes to an end, too, and may not have said what it had.
      if (this.state === "reading") this.state = "finished";
    } catch (error) {
      if (this.state !== "reading") return;
      this.state = "failed";
      this.error = error;
    }
  }

  /** What it has got, also as it died. */
  get got(): readonly Element[] {
    return this.#got.slice(0, this.#counted);
  }

  /** Another one goes on from its checkpoint after `count` elements. */
  replaceFrom(count: number): void {
    this.#counted = count;
    this.state = "replaced";
    this.kill();
  }

  /** Where it stands. */
  checkpoint(): ServiceCheckpoint | null {
    return this.#reader.checkpoint();
  }

  /** Leaves before the end, as a program does that has enough. */
  async leave(): Promise<void> {
    this.state = "left";
    await this.#reader.close();
  }

  override freeze(): void {
    this.state = "killed"; // For everybody else.
    super.freeze();
  }

  override kill(): void {
    if (this.state === "reading") this.state = "killed";
    super.kill();
  }
}

function hash(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum, 31) + text.charCodeAt(i) | 0;
  return sum >>> 0;
}
