/** Dispatcher and workers in processes of their own are killed at random while readers count what they get. */

import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../src/base/mod.ts";
import { Dataset, distribute } from "../../mod.ts";
import { type Program, startProgram } from "../support/programs.ts";

const COUNT = 20_000;
const KILLS = 6;

/** A program that is killed and started again, always with the same flags. */
class Victim implements AsyncDisposable {
  readonly #script: string;
  readonly #flags: string[];
  #program: Program | null = null;

  constructor(script: string, flags: string[]) {
    this.#script = script;
    this.#flags = flags;
  }

  async start(): Promise<string> {
    this.#program = await startProgram(this.#script, [...this.#flags, "--json"]);
    return JSON.parse(this.#program.firstLine).address;
  }

  async kill(): Promise<void> {
    this.#program?.kill("SIGKILL");
    await this.#program?.status;
    await this.#program?.[Symbol.asyncDispose]();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }
}

/** A port that is free now: a dispatcher that starts again has to have the same one. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("whoever is killed, three readers of one pass get each element once", async () => {
  const random = new SeededRandom(Number(Deno.env.get("SLUICE_CHAOS_SEED") ?? 1));
  const workDir = await Deno.makeTempDir();
  const port = String(freePort());
  await using dispatcher = new Victim("dispatcher.ts", [
    ...["--port", port, "--fault-tolerant-mode", "--work-dir", workDir],
    ...["--worker-timeout-ms", "1000"],
  ]);
  const address = await dispatcher.start();
  const worker = () =>
    new Victim("worker.ts", [
      ...["--dispatcher-address", address, "--isolation", "none", "--lanes", "1"],
      ...["--heartbeat-interval-ms", "200"],
    ]);
  await using first = worker();
  await using second = worker();
  await using third = worker();
  const workers = [first, second, third];
  await Promise.all(workers.map((victim) => victim.start()));

  const read = async (got: number[]) => {
    const dataset = Dataset.range(COUNT).shuffle(200).flatMap((x) => x % 3 === 0 ? [] : [2 * x, 2 * x + 1])
      .apply(
        distribute({
          processingMode: "distributed_epoch",
          service: `http://${address}`,
          jobName: "chaos",
          guarantee: "exactly-once",
          taskRefreshIntervalMs: 200,
        }),
      );
    for await (const x of dataset.reader()) {
      got.push(x);
      if (got.length % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1)); // A step of training.
    }
  };
  const got: number[][] = [[], [], []];
  let done = false;
  const reading = Promise.all(got.map(read)).finally(() => done = true);
  for (let kill = 0; kill < KILLS && !done; kill++) {
    const victim = random.below(4);
    await (victim === 3 ? dispatcher : workers[victim]).kill();
  }
  await reading;
  const expected = Array.from({ length: COUNT }, (_, x) => x).filter((x) => x % 3 !== 0)
    .flatMap((x) => [2 * x, 2 * x + 1]);
  const counts = new Map<number, number>();
  for (const x of got.flat()) counts.set(x, (counts.get(x) ?? 0) + 1);
  const twice = [...counts].filter(([, count]) => count > 1).map(([x]) => x);
  const missing = expected.filter((x) => !counts.has(x));
  assertEquals({ twice, missing, n: got.flat().length }, { twice: [], missing: [], n: expected.length });
  await Deno.remove(workDir, { recursive: true });
});
