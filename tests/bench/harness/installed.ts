/** What `deno task bench:setup` installs, and where. */

import type { Bench } from "./bench.ts";

/** Everything that is installed for benchmarks lies below this folder. */
export const BENCH_FOLDER = new URL("../../../.bench/", import.meta.url).pathname;

/** The virtual environment's Python. */
export const PYTHON = `${BENCH_FOLDER}venv/bin/python`;

/** The folder of the JavaScript peers. */
export const PACKAGES = `${BENCH_FOLDER}js`;

/** What of it is there. */
export async function findInstalled(): Promise<Pick<Bench, "python" | "packages" | "javascript">> {
  const tensorflow = await succeeds(PYTHON, [
    "-c",
    "import importlib.util as i; assert i.find_spec('tensorflow')",
  ]);
  const packages = await succeeds("test", ["-d", `${PACKAGES}/node_modules/@tensorflow/tfjs-data`]);
  const node = await outputOf("node", ["--version"]);
  return {
    python: tensorflow ? PYTHON : null,
    packages: packages ? PACKAGES : null,
    javascript: node === null
      ? {
        name: `Deno ${Deno.version.deno}`,
        command: Deno.execPath(),
        args: ["run", "--allow-all", "--quiet"],
      }
      : { name: `Node ${node.slice(1)}`, command: "node", args: [] },
  };
}

/** What a command says on standard output; null if it fails or does not exist. */
export async function outputOf(command: string, args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

const succeeds = async (command: string, args: string[]) => await outputOf(command, args) !== null;
