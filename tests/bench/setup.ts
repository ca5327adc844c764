/** `deno task bench:setup`: installs the peers below `.bench/`, which git ignores. What cannot be installed is named. */

import { BENCH_FOLDER, PACKAGES, PYTHON } from "./harness/installed.ts";

/** The JavaScript peers, in versions that fit together. */
const NPM_PACKAGES = [
  "@tensorflow/tfjs-data@4.22.0",
  "@tensorflow/tfjs-core@4.22.0",
  "@tensorflow/tfjs-backend-cpu@4.22.0",
  "seedrandom@3.0.5",
];

async function run(command: string, ...args: string[]): Promise<void> {
  console.log(`${command} ${args.join(" ")}`);
  const { success, code } = await new Deno.Command(command, { args, stdin: "null" }).output();
  if (!success) throw new Error(`${command} ended with status ${code}`);
}

async function installTensorflow(): Promise<void> {
  await run("python3", "-m", "venv", `${BENCH_FOLDER}venv`);
  await run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "tensorflow-cpu");
}

async function installPackages(): Promise<void> {
  await Deno.mkdir(PACKAGES, { recursive: true });
  await Deno.writeTextFile(`${PACKAGES}/package.json`, '{ "private": true }\n');
  await run("npm", "install", "--no-audit", "--no-fund", "--prefix", PACKAGES, ...NPM_PACKAGES);
}

let failed = false;
for (const [name, install] of [["TensorFlow", installTensorflow], ["tfjs-data", installPackages]] as const) {
  try {
    await install();
    console.log(`${name}: installed`);
  } catch (error) {
    failed = true;
    console.error(`${name}: not installed: ${error instanceof Error ? error.message : error}`);
  }
}
Deno.exit(failed ? 1 : 0);
