/** Long runs that look for memory that grows. */

import { type MemoryWatch } from "./memory_watch.ts";
import { checkPass, type Pass, type PassReport, throughput } from "./throughput.ts";
import type { Service } from "./services.ts";

/** What a run is given. */
export interface Soak {
  readonly service: Service;
  readonly seconds: number;
  progress(what: string): void;
}

/** How long a slow reader thinks about each element. */
const SLOW_MS = 20;

const PASSES: readonly Pass[] = [
  { workload: "scalars", mode: "parallel_epochs" },
  { workload: "tensors", mode: "parallel_epochs" },
  { workload: "strings", mode: "distributed_epoch" },
  { workload: "images", mode: "distributed_epoch" },
];

/** Pass after pass as fast as the service can, each with a job of its own. Gives what was read. */
async function fullSpeed({ service, seconds, progress }: Soak): Promise<string> {
  const started = performance.now();
  const passSeconds = Math.min(10, seconds / 20);
  const measurements = [];
  for (const pass of PASSES) {
    progress(`warming ${pass.workload} up`);
    measurements.push(await throughput(service.reader, pass, passSeconds));
  }
  let passes = 0;
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - started) / 1000) {
    progress(`${elapsed.toFixed(0)} of ${seconds} s, ${passes} passes`);
    await measurements[passes++ % measurements.length]();
  }
  return `${passes} passes`;
}

/** One pass over large elements with a reader that is far slower than the worker. */
async function slowReader({ service, seconds, progress }: Soak): Promise<string> {
  const count = Math.ceil(seconds * 1000 / SLOW_MS);
  progress(`${count} tensors, ${SLOW_MS} ms each`);
  const workload = "tensors";
  const report = await service.reader.ask<PassReport>("throughput", {
    workload,
    mode: "parallel_epochs",
    count,
    delayMs: SLOW_MS,
  });
  checkPass(workload, count, report);
  return `${count} tensors`;
}

/** The runs, by name. */
export const SOAKS: Readonly<Record<string, (soak: Soak) => Promise<string>>> = {
  full_speed: fullSpeed,
  slow_reader: slowReader,
};

/** What a watch of a service watches. */
export const pidsOf = (
  { dispatcher, worker, reader }: Service,
): ConstructorParameters<typeof MemoryWatch>[0] => ({
  dispatcher: dispatcher.pid,
  worker: worker.pid,
  reader: reader.pid,
});
