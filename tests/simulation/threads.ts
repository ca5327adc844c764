import { Channel, CLOSED } from "../../src/base/mod.ts";
import type { Outcome } from "./scenario.ts";

/** Runs seeds in threads, each as soon as a thread is free; outcomes come as they are ready. */
export async function* simulateInThreads(
  { seed, runs, jobs, signal }: { seed: number; runs: number; jobs: number; signal: AbortSignal },
): AsyncGenerator<Outcome, void, void> {
  const outcomes = new Channel<Outcome>({ maxItems: runs });
  let next = seed;
  const threads = Array.from({ length: jobs }, () => {
    const thread = new Worker(import.meta.resolve("./thread.ts"), { type: "module" });
    const order = () => {
      if (next < seed + runs) thread.postMessage(next++);
    };
    thread.onmessage = ({ data }: MessageEvent<Outcome>) => {
      void outcomes.push(data);
      order();
    };
    thread.onerror = (event) => {
      event.preventDefault();
      outcomes.fail(new Error(`A thread of the simulation has ended: ${event.message}`));
    };
    order();
    return thread;
  });
  const onAbort = () => outcomes.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (let done = 0; done < runs; done++) {
      const outcome = await outcomes.shift();
      if (outcome === CLOSED) return;
      yield outcome;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const thread of threads) thread.terminate();
  }
}
