/** Stock TensorFlow reads Sluice's datasets: the datasets, and the processes that serve them. */

import { Dataset, registerDataset } from "../../../mod.ts";
import { PYTHON } from "../../bench/harness/installed.ts";
import { type Program, startProgram } from "../../support/programs.ts";

const DATASETS: { readonly [id: string]: Dataset<unknown> } = {
  ints: Dataset.range(10).map((x) => BigInt(x)),
  numbers: Dataset.range(10),
  dictionary: Dataset.range(5).map((x) => ({
    vec: new Float32Array([x, 0.5, -1]),
    id: BigInt(x),
    text: `té ${x}`,
    flag: x % 2 === 0,
    image: { dtype: "uint8" as const, shape: [2, 3], data: new Uint8Array(6).fill(x) },
  })),
  pairs: Dataset.zip(Dataset.range(3), Dataset.fromArray(["a", "b", "c"])),
  batches: Dataset.range(10).map((x) => ({ x, word: `${x}` })).batch(4),
  endless: Dataset.range(1_000).repeat(),
  broken: Dataset.range(10).map((x) => {
    if (x === 3) throw new Error("boom at three");
    return x;
  }),
  missing: Dataset.textLines("/no-such-file"),
  nulls: Dataset.range(3).map(() => null),
  nothing: Dataset.range(0).map((x) => x),
  large: Dataset.range(50).map((x) => new Float32Array(150_000).fill(x)),
  many: Dataset.range(3_000),
};

/** Runs reader.py against a dispatcher and two workers whose tasks are isolated as `isolation` says. */
export async function readSluice(isolation: "process" | "none"): Promise<boolean> {
  const workDir = await Deno.makeTempDir();
  const startDispatcher = (port: number, tfPort: number) =>
    startProgram("dispatcher.ts", [
      "--json",
      `--port=${port}`,
      `--tf-port=${tfPort}`,
      `--work-dir=${workDir}`,
      "--fault-tolerant-mode",
      "--worker-timeout-ms=2000",
    ]);
  let dispatcher = await startDispatcher(0, 0);
  const { target, tensorflow } = JSON.parse(dispatcher.firstLine);
  const workers: Program[] = [];
  try {
    for (let i = 0; i < 2; i++) {
      workers.push(
        await startProgram("worker.ts", [
          `--dispatcher-address=${target}`,
          `--isolation=${isolation}`,
          ...(isolation === "process" ? ["--allow-read"] : []),
          "--tf-port=0",
          "--heartbeat-interval-ms=200",
        ]),
      );
    }
    for (const [datasetId, dataset] of Object.entries(DATASETS)) {
      await registerDataset(target, dataset, { datasetId });
    }
    return await runPython("reader.py", [tensorflow], async (line) => {
      if (line === "kill") workers[0].kill("SIGKILL");
      if (line !== "restart") return;
      dispatcher.kill("SIGKILL");
      await dispatcher.status;
      dispatcher = await startDispatcher(Number(new URL(target).port), Number(new URL(tensorflow).port));
    });
  } finally {
    for (const program of [...workers, dispatcher]) await program[Symbol.asyncDispose]();
    await Deno.remove(workDir, { recursive: true });
  }
}

/** Runs a program; a line that is a request is answered with itself once `answer` has done what it asks for. */
async function runPython(
  program: string,
  args: string[],
  answer: (line: string) => Promise<void>,
): Promise<boolean> {
  const child = new Deno.Command(PYTHON, {
    args: [new URL(program, import.meta.url).pathname, ...args],
    env: { TF_CPP_MIN_LOG_LEVEL: "3" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  let isDone = false;
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === "done") isDone = true;
      else if (line === "restart" || line === "kill") {
        await answer(line);
        await input.write(new TextEncoder().encode(`${line}\n`));
      } else console.log(line);
    }
  }
  await input.close().catch(() => {}); // It has ended already.
  const { code } = await child.status;
  return isDone && code === 0;
}
