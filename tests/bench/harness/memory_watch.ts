/** Resident memory over time. */

import { median } from "./in_turn.ts";
import { residentBytes } from "./processes.ts";

/** The part of the samples in which a process may still grow: code is compiled, buffers find their size. */
const WARM_UP = 0.2;

/** What a flat process may gain from the first third after its warm-up to the last, for garbage not yet collected. */
const TOLERATED_RATIO = 1.1;
const TOLERATED_MEGABYTES = 16;

/** How a process's memory went. In MB, medians of a third of the time each. */
export interface Course {
  process: string;
  first: number;
  last: number;
  peak: number;
  flat: boolean;
}

/** @throws {RangeError} for fewer samples than can tell */
export function courseOf(process: string, megabytes: readonly number[]): Course {
  const warm = megabytes.slice(Math.floor(megabytes.length * WARM_UP));
  const third = Math.floor(warm.length / 3);
  if (third === 0) {
    throw new RangeError(`Cannot tell from ${megabytes.length} samples whether memory is flat`);
  }
  const first = median(warm.slice(0, third));
  const last = median(warm.slice(-third));
  const flat = last <= first * TOLERATED_RATIO + TOLERATED_MEGABYTES;
  return { process, first, last, peak: Math.max(...megabytes), flat };
}

/** Samples the memory of processes, those they started included, until it is disposed of. */
export class MemoryWatch implements Disposable {
  readonly #samples = new Map<string, number[]>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pids by the names of the processes */
  constructor(pids: Readonly<Record<string, number>>, intervalMs: number) {
    for (const name of Object.keys(pids)) this.#samples.set(name, []);
    this.#timer = setInterval(() => {
      for (const [name, pid] of Object.entries(pids)) {
        const bytes = residentBytes(pid);
        if (bytes !== null) this.#samples.get(name)!.push(bytes / 1e6);
      }
    }, intervalMs);
  }

  /** How it went so far. */
  get courses(): Course[] {
    return [...this.#samples].map(([name, samples]) => courseOf(name, samples));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
