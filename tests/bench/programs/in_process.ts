/** The pipelines of `peers/in_process.mjs` with Sluice, in one process. */

import { Dataset } from "../../../mod.ts";
import { answer } from "./answer.ts";

async function timed(run: () => Promise<number>): Promise<{ checksum: number; seconds: number }> {
  const started = performance.now();
  const checksum = await run();
  return { checksum, seconds: (performance.now() - started) / 1000 };
}

await answer({
  filter: ({ count }: { count: number }) =>
    timed(async () => {
      let sum = 0;
      for await (const x of Dataset.range(count).map((x) => x * 2).filter((x) => x % 3 === 0)) sum += x;
      return sum;
    }),

  batch: ({ count }: { count: number }) =>
    timed(async () => {
      let sum = 0;
      for await (const batch of Dataset.range(count).map((x) => x * 2).batch(256)) {
        for (let i = 0; i < batch.length; i++) sum += batch[i];
      }
      return sum;
    }),
});
Deno.exit(0);
