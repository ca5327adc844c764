/** A reader of a Sluice service in a process of its own: `reader.ts TARGET`. */

import { type Dataset, distribute, type DistributeOptions } from "../../../mod.ts";
import { answer } from "./answer.ts";
import { type WorkloadName, WORKLOADS } from "./workloads.ts";

/** How a service is read. */
type Mode = DistributeOptions["processingMode"];

const service = Deno.args[0];

const distributed = (dataset: Dataset<unknown>, processingMode: Mode) =>
  dataset.apply(distribute({ processingMode, service, compression: null }));

await answer({
  async throughput(
    { workload, mode, count, delayMs = 0 }: {
      workload: WorkloadName;
      mode: Mode;
      count: number;
      delayMs?: number;
    },
  ) {
    const { build, note } = WORKLOADS[workload];
    let taken = 0;
    let checksum = 0;
    let began = 0;
    let ended = 0;
    const dataset = distributed(build(count), mode);
    const started = performance.now();
    for await (const element of dataset) {
      if (taken === 0) began = performance.now();
      checksum += note(element as never);
      if (++taken === count) ended = performance.now();
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    return {
      count: taken,
      checksum,
      firstSeconds: (began - started) / 1000,
      seconds: (ended - started) / 1000,
    };
  },

  async first() {
    const started = performance.now();
    const reader = distributed(WORKLOADS.scalars.build(1_000), "parallel_epochs").reader();
    const { value } = await reader.next();
    const seconds = (performance.now() - started) / 1000;
    await reader.return();
    return { checksum: value, seconds };
  },
});
Deno.exit(0);
