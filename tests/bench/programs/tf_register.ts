/** Registers workloads for readers of TensorFlow's: `tf_register.ts TARGET`. */

import { registerDataset } from "../../../mod.ts";
import { answer } from "./answer.ts";
import { type WorkloadName, WORKLOADS } from "./workloads.ts";

const [service] = Deno.args;

await answer({
  async register({ workload, count }: { workload: WorkloadName; count: number }) {
    const datasetId = `${workload}-${count}`;
    await registerDataset(service, WORKLOADS[workload].build(count), { datasetId });
    return { datasetId };
  },
});
Deno.exit(0);
