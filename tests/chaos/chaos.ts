/** A service of real processes that are killed at random, and readers that count. */

import { Dataset, distribute, ShardingPolicy } from "../../mod.ts";
import { type Random, SeededRandom } from "../../src/base/mod.ts";
import { type Program, startProgram } from "../support/programs.ts";

/** How much chaos. */
export interface ChaosOptions {
  /** How long processes are killed, in seconds. */
  readonly seconds: number;
  readonly workers: number;
  readonly readers: number;
  /** Of the order in which processes die. */
  readonly seed: number;
  /** Told what happens. */
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface ChaosReport {
  /** Processes that were killed, by kind. */
  readonly killed: { readonly dispatcher: number; readonly worker: number };
  /** Elements that each reader got. */
  readonly got: readonly number[];
  readonly expected: number;
  /** Elements that no reader got, and those that came more than once. */
  readonly lost: readonly number[];
  readonly twice: readonly number[];
}

// So many a second and reader, so that the pass lasts longer than the killing.
const PACE = 400;

const KILL_EVERY_MS = 1_500;

/** Runs the service, kills and restarts its processes for a while, and counts what readers of one job got. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seconds, readers, seed, tell, signal } = options;
  const directory = await Deno.makeTempDir({ prefix: "sluice-chaos-" });
  const random = new SeededRandom(seed);
  await using service = new Service(directory, options);
  try {
    const target = await service.start();
    const expected = readers * PACE * seconds;
    // One object for each reader, as in programs of their own: of one object each reader begins another pass.
    const dataset = () =>
      Dataset.range(expected)
        .shuffle(100)
        .flatMap((x) => [2 * x, 2 * x + 1])
        .filter((x) => x % 2 === 0)
        .map((x) => x / 2)
        .apply(distribute({ processingMode: ShardingPolicy.DYNAMIC, service: target, jobName: "chaos" }));
    const counts = new Uint32Array(expected);
    const over = new AbortController();
    const reading = Promise.all(
      Array.from({ length: readers }, () => count(dataset(), counts, AbortSignal.any([signal, over.signal]))),
    );
    reading.catch((error) => over.abort(error));
    await service.killAtRandom(seconds * 1_000, random, AbortSignal.any([signal, over.signal]));
    tell("everybody may live now");
    const got = await reading;
    const numbers = [...counts.keys()];
    return {
      killed: service.killed,
      got,
      expected,
      lost: numbers.filter((x) => counts[x] === 0),
      twice: numbers.filter((x) => counts[x] > 1),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Reads to the end, at the pace of a program that works; gives how many elements there were. */
async function count(dataset: Dataset<number>, counts: Uint32Array, signal: AbortSignal): Promise<number> {
  let got = 0;
  const began = performance.now();
  for await (const x of dataset.reader({ signal })) {
    counts[x]++;
    got++;
    const early = began + got * 1_000 / PACE - performance.now();
    if (early > 20) await new Promise((resolve) => setTimeout(resolve, early));
  }
  return got;
}

/** A dispatcher and its workers, each a process that is started again when it was killed. */
class Service implements AsyncDisposable {
  readonly killed = { dispatcher: 0, worker: 0 };
  readonly #directory: string;
  readonly #options: ChaosOptions;
  #dispatcher: Program | null = null;
  #port = "0";
  readonly #workers: Program[] = [];

  constructor(directory: string, options: ChaosOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Starts everybody; gives the dispatcher's target. */
  async start(): Promise<string> {
    await this.#startDispatcher();
    for (let i = 0; i < this.#options.workers; i++) this.#workers.push(await this.#startWorker());
    return `http://localhost:${this.#port}`;
  }

  /** Kills somebody now and then, and starts another one in his place. */
  async killAtRandom(ms: number, random: Random, signal: AbortSignal): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, random.below(KILL_EVERY_MS)));
      const victim = random.below(this.#workers.length + 1);
      if (victim === this.#workers.length) await this.#killDispatcher();
      else await this.#killWorker(victim);
    }
  }

  async #killDispatcher(): Promise<void> {
    this.#options.tell("the dispatcher is killed");
    this.killed.dispatcher++;
    await this.#dispatcher?.[Symbol.asyncDispose]();
    await this.#startDispatcher();
  }

  async #killWorker(index: number): Promise<void> {
    this.#options.tell(`worker ${index} is killed`);
    this.killed.worker++;
    await this.#workers[index][Symbol.asyncDispose]();
    this.#workers[index] = await this.#startWorker();
  }

  async #startDispatcher(): Promise<void> {
    this.#dispatcher = await startProgram("dispatcher.ts", [
      "--json",
      `--port=${this.#port}`,
      `--work-dir=${this.#directory}`,
      "--fault-tolerant-mode",
      "--worker-timeout-ms=1000",
    ]);
    this.#port = new URL(JSON.parse(this.#dispatcher.firstLine).target).port;
  }

  async #startWorker(): Promise<Program> {
    return await startProgram("worker.ts", [
      "--json",
      `--dispatcher-address=localhost:${this.#port}`,
      "--heartbeat-interval-ms=250",
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of [...this.#workers, this.#dispatcher]) await program?.[Symbol.asyncDispose]();
  }
}
