/** What a row of the table is, and what it is given. */

import type { Result } from "./result.ts";

/** What rows are given. */
export interface Bench {
  /** How often each side is measured. */
  readonly rounds: number;
  /** About how long one measurement takes. */
  readonly seconds: number;
  /** How many latencies are taken. */
  readonly latencies: number;
  /** Aborted when the benchmark is to end. */
  readonly signal: AbortSignal;
  /** The Python that has TensorFlow; null: not installed. */
  readonly python: string | null;
  /** The folder of the JavaScript peers' packages; null: not installed. */
  readonly packages: string | null;
  /** What runs the JavaScript peers: Node, or this Deno. */
  readonly javascript: { name: string; command: string; args: string[] };
  /** The worker's flags, such as `--lanes`. */
  readonly workerFlags: ReadonlySet<string>;
  /** Shows what is being done. */
  progress(what: string): void;
}

/** A row, or a family of them that are measured together. */
export interface Row {
  /** The name to ask for it. */
  readonly name: string;
  /** One line for `--help`. */
  readonly what: string;
  run(bench: Bench): Promise<Result[]>;
}
