/** A thread of `deno task simulate`: runs the seeds that it is told, one by one. */

import { simulate } from "./scenario.ts";

addEventListener(
  "message",
  async ({ data: seed }: MessageEvent<number>) => postMessage(await simulate(seed)),
);
