/** The function of the lanes' rows in plain Web Workers without anything around it: what several threads can be worth. */

import { answer } from "./answer.ts";
import { burn } from "./workloads.ts";

interface Report {
  count: number;
  seconds: number;
}

const program = `
  const burn = ${burn};
  onmessage = ({ data: wanted }) => {
    const began = performance.now();
    let count = 0, seconds = 0;
    while (seconds < wanted) {
      for (let i = 0; i < 10; i++) if (burn(count) !== count++) throw new Error("Wrong result");
      seconds = (performance.now() - began) / 1000;
    }
    postMessage({ count, seconds });
  };`;

const workers: Worker[] = [];

function burnIn(worker: Worker, seconds: number): Promise<Report> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Report>) => resolve(data);
    worker.postMessage(seconds);
  });
}

await answer({
  /** Calls a second, on so many threads at once. */
  async burn({ threads, seconds }: { threads: number; seconds: number }) {
    while (workers.length < threads) {
      workers.push(
        new Worker(`data:application/javascript,${encodeURIComponent(program)}`, { type: "module" }),
      );
    }
    const reports = await Promise.all(workers.slice(0, threads).map((worker) => burnIn(worker, seconds)));
    return { rate: reports.reduce((sum, { count, seconds }) => sum + count / seconds, 0) };
  },
});
Deno.exit(0);
