/**
 * Eight operators on a range, run in three ways with the same closures. Each way gets a process of its own, or the
 * closures would be compiled for all three.
 */

import { SeededRandom, silentLog, systemClock } from "../../../src/base/mod.ts";
import { DONE, execute } from "../../../src/executor/mod.ts";
import { createFunctionRuntime, graphOf } from "../../../src/graph/mod.ts";
import { memoryFileSystem } from "../../../src/sources/mod.ts";
import { Dataset } from "../../../mod.ts";
import { answer } from "./answer.ts";

const maps = [(x: number) => x + 1, (x: number) => x * 3, (x: number) => x ^ 5, (x: number) => x - 7];
const filters = [
  (x: number) => x % 7 !== 0,
  (x: number) => (x & 31) !== 3,
  (x: number) => x % 11 !== 4,
  (x: number) => x > -9,
];

function pipeline(count: number): Dataset<number> {
  let dataset = Dataset.range(count);
  maps.forEach((map, i) => dataset = dataset.map(map).filter(filters[i]));
  return dataset;
}

async function ours(count: number): Promise<number> {
  const iterator = execute(graphOf(pipeline(count))!, {
    signal: new AbortController().signal,
    clock: systemClock,
    random: new SeededRandom(1),
    log: silentLog,
    files: memoryFileSystem({}),
    functions: createFunctionRuntime(),
    Dataset,
    dataService: () => {
      throw new Error("No service takes part");
    },
    epoch: 0,
  });
  let sum = 0;
  while (true) {
    let pulled = iterator.next();
    if (pulled instanceof Promise) pulled = await pulled;
    if (pulled === DONE) break;
    sum += pulled as number;
  }
  await iterator.close();
  return sum;
}

/** The least that pulling objects can be: no errors, no promises, no end but one. */
interface Pull {
  next(): number | typeof DONE;
}

class PullRange implements Pull {
  #at = 0;
  constructor(readonly count: number) {}
  next() {
    return this.#at < this.count ? this.#at++ : DONE;
  }
}

class PullMap implements Pull {
  constructor(readonly input: Pull, readonly map: (x: number) => number) {}
  next() {
    const x = this.input.next();
    return x === DONE ? DONE : this.map(x);
  }
}

class PullFilter implements Pull {
  constructor(readonly input: Pull, readonly keep: (x: number) => boolean) {}
  next() {
    while (true) {
      const x = this.input.next();
      if (x === DONE || this.keep(x)) return x;
    }
  }
}

function pulled(count: number): number {
  let iterator: Pull = new PullRange(count);
  maps.forEach((map, i) => iterator = new PullFilter(new PullMap(iterator, map), filters[i]));
  let sum = 0;
  for (let x = iterator.next(); x !== DONE; x = iterator.next()) sum += x;
  return sum;
}

function looped(count: number): number {
  const [m0, m1, m2, m3] = maps;
  const [f0, f1, f2, f3] = filters;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let x = m0(i);
    if (!f0(x)) continue;
    x = m1(x);
    if (!f1(x)) continue;
    x = m2(x);
    if (!f2(x)) continue;
    x = m3(x);
    if (!f3(x)) continue;
    sum += x;
  }
  return sum;
}

const timed = (run: (count: number) => number | Promise<number>) => async ({ count }: { count: number }) => {
  const started = performance.now();
  const checksum = await run(count);
  return { checksum, seconds: (performance.now() - started) / 1000 };
};

await answer({ ours: timed(ours), pulled: timed(pulled), looped: timed(looped) });
Deno.exit(0);
