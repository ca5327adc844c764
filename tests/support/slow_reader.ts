/** A program that reads numbers as a member of the job "shared", one a minute, and says when it has begun. */

import { Dataset, distribute } from "../../mod.ts";

const [service, count] = Deno.args;
const dataset = Dataset.range(Number(count)).map((x) => x + 1).apply(
  distribute({
    processingMode: "distributed_epoch",
    service,
    jobName: "shared",
    guarantee: "exactly-once",
    taskRefreshIntervalMs: 100,
  }),
);
for await (const first of dataset) {
  console.log(first);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}
