/** Throughput of a service: whole passes over as many elements as take the time wanted, with their values checked. */

import { type WorkloadName, WORKLOADS } from "../programs/workloads.ts";
import type { Partner } from "./conversation.ts";

/** What is read, and how. */
export interface Pass {
  workload: WorkloadName;
  mode: "parallel_epochs" | "distributed_epoch";
}

/** A reader's report on a pass. */
export interface PassReport {
  count: number;
  checksum: number;
  /** From the beginning of the pass to its first element. */
  firstSeconds: number;
  /** From the beginning of the pass to its last element: elements come in blocks, so the first one is late. */
  seconds: number;
}

/** A pass that takes this part of the time wanted tells well enough how many elements take all of it. */
const TELLING_PART = 0.4;

/** A short pass runs cold: the next one is not lengthened by more than this. */
const LARGEST_STEP = 30;

/** How many elements the next pass should have, going by one that had `count`. */
export function nextCount(count: number, tookSeconds: number, wantedSeconds: number): number {
  const factor = Math.min(wantedSeconds / Math.max(tookSeconds, 1e-6), LARGEST_STEP);
  return Math.max(2, Math.round(count * factor));
}

/** @throws {Error} if a reader did not get exactly the elements of the workload */
export function checkPass(workload: WorkloadName, wanted: number, { count, checksum }: PassReport): void {
  const expected = WORKLOADS[workload].checksum(wanted);
  if (count !== wanted || checksum !== expected) {
    throw new Error(
      `Wrong elements of "${workload}": ${count} with the sum ${checksum}, not ${wanted} with ${expected}`,
    );
  }
}

/**
 * Warms a reader up until a pass takes about `seconds`.
 *
 * @returns a measurement of the elements per second of one pass; batches count for what is in them
 */
export async function throughput(
  reader: Partner,
  { workload, mode }: Pass,
  seconds: number,
): Promise<() => Promise<number>> {
  const { elements, firstCount } = WORKLOADS[workload];
  const pass = async (count: number) => {
    const report = await reader.ask<PassReport>("throughput", { workload, mode, count });
    checkPass(workload, count, report);
    return report;
  };
  // How long a pass takes to begin says nothing about how many elements it should have.
  const running = ({ seconds, firstSeconds }: PassReport) => seconds - firstSeconds;
  let count = firstCount;
  let took = running(await pass(count));
  while (took < seconds * TELLING_PART) {
    count = nextCount(count, took, seconds);
    took = running(await pass(count));
  }
  count = nextCount(count, took, seconds);
  return async () => count * elements / (await pass(count)).seconds;
}
