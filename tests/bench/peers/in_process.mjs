/**
 * Pipelines in one process, as other libraries run them: `in_process.mjs FOLDER`, where FOLDER has tfjs-data's
 * packages. Both answer with the sum of what came out, for `programs/in_process.ts` to compare with.
 */

import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

function* range(count) {
  for (let i = 0; i < count; i++) yield i;
}

async function timed(run) {
  const started = performance.now();
  const checksum = await run();
  return { checksum, seconds: (performance.now() - started) / 1000 };
}

let tfjs;

/** Loaded when it is asked for: the other peer needs no package. */
function dataset(count) {
  if (tfjs === undefined) {
    const load = createRequire(`${process.argv[2]}/package.json`);
    load("@tensorflow/tfjs-backend-cpu"); // Batches are tensors, and those need a backend.
    tfjs = load("@tensorflow/tfjs-data");
  }
  return tfjs.generator(() => range(count));
}

const handlers = {
  tfjs_filter: ({ count }) =>
    timed(async () => {
      let sum = 0;
      await dataset(count).map((x) => x * 2).filter((x) => x % 3 === 0).forEachAsync((x) => {
        sum += x;
      });
      return sum;
    }),

  tfjs_batch: ({ count }) =>
    timed(async () => {
      let sum = 0;
      await dataset(count).map((x) => x * 2).batch(256).forEachAsync((batch) => {
        for (const x of batch.dataSync()) sum += x;
        batch.dispose();
      });
      return sum;
    }),

  readable_filter: ({ count }) =>
    timed(async () => {
      let sum = 0;
      for await (const x of Readable.from(range(count)).map((x) => x * 2).filter((x) => x % 3 === 0)) {
        sum += x;
      }
      return sum;
    }),
};

console.log("{}");
for await (const line of createInterface({ input: process.stdin })) {
  const { kind, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await handlers[kind](request)));
}
process.exit(0);
