/** Programs that are asked and answer, a line of JSON each way. */

import type { Child, Processes, StartOptions } from "./processes.ts";

/** A program that answers. */
export interface Partner {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly ready: Record<string, string>;
  /** Asks; one question at a time. */
  ask<T>(kind: string, request?: Record<string, unknown>): Promise<T>;
}

/** Starts a program and waits until it is ready. */
export async function converse(processes: Processes, name: string, options: StartOptions): Promise<Partner> {
  const child = processes.start(name, options);
  return {
    pid: child.pid,
    ready: await readyLine(child),
    async ask<T>(kind: string, request: Record<string, unknown> = {}) {
      await child.write(JSON.stringify({ kind, ...request }));
      return JSON.parse(await child.line()) as T;
    },
  };
}

/** What a program says when it is ready. */
export async function readyLine(child: Child): Promise<Record<string, string>> {
  return JSON.parse(await child.line());
}

/** Deno's arguments for a program of this folder or of `scripts/`. */
export function program(path: string, ...args: string[]): string[] {
  return ["run", "--allow-all", "--quiet", new URL(`../${path}`, import.meta.url).href, ...args];
}
