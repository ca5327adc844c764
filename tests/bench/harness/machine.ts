import { outputOf } from "./installed.ts";

/** The machine and the runtime, in one line. */
export async function describeMachine(): Promise<string> {
  const cpus = await outputOf("sh", ["-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2"]);
  const memory = Math.round(Deno.systemMemoryInfo().total / 1024 ** 3);
  return [
    `${navigator.hardwareConcurrency} cores${cpus ? ` (${cpus.trim()})` : ""}`,
    `${memory} GiB`,
    `${Deno.build.os} ${Deno.osRelease()}`,
    `Deno ${Deno.version.deno} (V8 ${Deno.version.v8})`,
  ].join(", ");
}

/** The flags that the worker's program knows. */
export async function findWorkerFlags(): Promise<Set<string>> {
  const script = new URL("../../../scripts/worker.ts", import.meta.url).href;
  const help = await outputOf(Deno.execPath(), ["run", "--allow-all", "--quiet", script, "--help"]);
  return new Set(help?.match(/--[a-z][a-z-]*/g));
}
