/** One pass over the data: what it brought, and who gave it. */

import type { Dataset } from "../../mod.ts";
import type { Classifier } from "./classifier.ts";
import type { Digits, Mode } from "./pipeline.ts";
import type { Screen } from "./screen.ts";

/** What an epoch is run with. */
export interface EpochOptions {
  readonly title: string;
  readonly dataset: Dataset<Digits>;
  readonly model: Classifier;
  readonly screen: Screen;
  /** How many records there are. */
  readonly records: number;
  /** How often each is to come. */
  readonly copies: number;
  /** How many records are learned in a second at most. @default as many as can be */
  readonly recordsPerSecond?: number | undefined;
  readonly signal: AbortSignal;
}

/** What one epoch brought: how often each record came, and how many each worker gave. */
export class Count {
  readonly #times: Uint32Array;
  readonly #ofWorker = new Map<string, number>();
  #total = 0;

  /** Nothing came yet. */
  constructor(records: number) {
    this.#times = new Uint32Array(records);
  }

  /** How many records came. */
  get total(): number {
    return this.#total;
  }

  /** Counts a batch. */
  add({ numbers, workers }: Pick<Digits, "numbers" | "workers">): void {
    this.#total += numbers.length;
    for (const number of numbers) this.#times[number]++;
    for (const worker of workers) this.#ofWorker.set(worker, (this.#ofWorker.get(worker) ?? 0) + 1);
  }

  /** How many records came as often as they should, less often and more often. */
  compare(copies: number): { right: number; fewer: number; more: number } {
    const compared = { right: 0, fewer: 0, more: 0 };
    for (const times of this.#times) {
      compared[times === copies ? "right" : times < copies ? "fewer" : "more"]++;
    }
    return compared;
  }

  /** Who gave how many. A worker that was started again counts as one. */
  shares(workers: readonly string[]): string {
    return workers.map((name) => `${name} gave ${this.#ofWorker.get(name) ?? 0}`).join(", ");
  }
}

/** Reads the dataset once and teaches the model. */
export async function runEpoch(options: EpochOptions): Promise<Count> {
  const { title, dataset, model, screen, records, copies, recordsPerSecond = Infinity, signal } = options;
  const count = new Count(records);
  const expected = records * copies;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const rate = () => Math.round(count.total / seconds());
  let loss = 0;
  let batches = 0;
  screen.begin(title, expected);
  try {
    for await (const batch of dataset.stream({ signal })) {
      loss += model.train(batch.images.data, batch.labels);
      batches++;
      count.add(batch);
      // More may come than was expected: from a worker that begins its pass anew.
      screen.move(count.total, Math.max(expected, count.total), rate(), loss / batches);
      const early = count.total / recordsPerSecond - seconds();
      if (early > 0) await pause(early * 1_000, signal);
    }
  } finally {
    screen.end();
  }
  screen.print(`${title}: ${count.total} records, ${rate()} records/s, loss ${(loss / batches).toFixed(3)}`);
  return count;
}

/** What an epoch was to bring. */
export interface Promised {
  readonly workers: readonly string[];
  readonly copies: number;
  readonly mode: Mode;
  /** The workers that ended in the epoch and were started again. */
  readonly ended: readonly string[];
}

/** Says in one line what came, and whether that breaks what the mode promises. */
export function judge(count: Count, promised: Promised): { summary: string; isBroken: boolean } {
  const { workers, copies, mode, ended } = promised;
  const { right, fewer, more } = count.compare(copies);
  const often = copies === 1 ? "exactly once" : `exactly ${copies} times`;
  const shares = `  ${count.shares(workers)}`;
  if (fewer + more === 0) {
    return { summary: `${shares}; each of ${right} records arrived ${often}`, isBroken: false };
  }
  const summary = `${shares}; ${right} records arrived ${often}, ${more} more often, ${fewer} less often`;
  if (mode === "distributed_epoch" || ended.length === 0) return { summary, isBroken: true };
  const excuse = `parallel_epochs promises nothing of workers that are started again, as ${
    ended.join(" and ")
  }`;
  return { summary: `${summary}: ${excuse}`, isBroken: false };
}

/** Resolves after `ms`, or when `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
