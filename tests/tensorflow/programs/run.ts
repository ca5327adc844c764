/**
 * `deno task test:tensorflow`: stock TensorFlow programs against Sluice's dispatcher, which is killed in between; stock
 * TensorFlow reads Sluice's datasets, and Sluice a stock service. Makes a virtual environment below `.bench/` the first time; where Python cannot be had, it says so and passes.
 */

import { BENCH_FOLDER, outputOf, PYTHON } from "../../bench/harness/installed.ts";
import { type Program, startProgram } from "../../support/programs.ts";
import { readSluice } from "./read_sluice.ts";
import { readStock } from "./read_stock.ts";

/** The version whose protocol is spoken. */
const TENSORFLOW = "2.21.0";

/** Sees that there is a Python with TensorFlow; null, or why there is none. */
async function prepare(): Promise<string | null> {
  const version = () =>
    outputOf(PYTHON, ["-c", "from importlib.metadata import version as v; print(v('tensorflow-cpu'))"]);
  if (await version() === TENSORFLOW) return null;
  console.log(`Installing TensorFlow ${TENSORFLOW} below ${BENCH_FOLDER} (some minutes, once)`);
  if (await outputOf("python3", ["-m", "venv", `${BENCH_FOLDER}venv`]) === null) {
    return "there is no python3 with venv";
  }
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    `tensorflow-cpu==${TENSORFLOW}`,
  ];
  if (await outputOf(PYTHON, pip) === null) return `pip cannot install tensorflow-cpu ${TENSORFLOW}`;
  return await version() === TENSORFLOW ? null : "TensorFlow does not load";
}

/** The dispatcher as a user starts it, on the same ports and directory each time. */
async function startDispatcher(
  workDir: string,
  tfPort: number,
): Promise<{ program: Program; target: string }> {
  const program = await startProgram("dispatcher.ts", [
    "--json",
    `--work-dir=${workDir}`,
    "--fault-tolerant-mode",
    `--tf-port=${tfPort}`,
  ]);
  return { program, target: JSON.parse(program.firstLine).tensorflow };
}

/** Stock trainers and workers whose dispatcher is Sluice's. */
async function trainers(): Promise<number> {
  const workDir = await Deno.makeTempDir();
  let dispatcher = await startDispatcher(workDir, 0);
  const tfPort = Number(new URL(dispatcher.target).port);
  const trainer = new Deno.Command(PYTHON, {
    args: [new URL("trainer.py", import.meta.url).pathname, dispatcher.target],
    env: { TF_CPP_MIN_LOG_LEVEL: "3" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const answers = trainer.stdin.getWriter();
  let done = false;
  try {
    let rest = "";
    for await (const text of trainer.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "restart") {
          dispatcher.program.kill("SIGKILL");
          await dispatcher.program.status;
          dispatcher = await startDispatcher(workDir, tfPort);
          await answers.write(new TextEncoder().encode("restarted\n"));
        } else if (line === "done") done = true;
        else console.log(line);
      }
    }
    await answers.close().catch(() => {}); // It has ended already.
    const { code } = await trainer.status;
    console.log(done && code === 0 ? "all passed" : `failed: the program ended with status ${code}`);
    return done && code === 0 ? 0 : 1;
  } finally {
    await dispatcher.program[Symbol.asyncDispose]();
    await Deno.remove(workDir, { recursive: true });
  }
}

/** Sluice's datasets in TensorFlow, and TensorFlow's in Sluice. */
async function others(): Promise<number> {
  for (const isolation of ["process", "none"] as const) {
    console.log(`TensorFlow reads Sluice's datasets, tasks in isolation "${isolation}"`);
    if (!await readSluice(isolation)) return 1;
  }
  console.log("Sluice reads a stock service");
  return await readStock() ? 0 : 1;
}

async function main(): Promise<number> {
  const missing = await prepare();
  if (missing !== null) {
    console.log(`skipped: ${missing}`);
    return 0;
  }
  return await trainers() || await others();
}

Deno.exit(await main());
