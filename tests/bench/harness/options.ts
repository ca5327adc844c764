/** The command line of the benchmark. */

import { parseArgs } from "@std/cli";

/** What the command line says. */
export interface BenchOptions {
  help: boolean;
  json: boolean;
  quick: boolean;
  write: boolean;
  /** Names of rows; null: all. */
  only: string[] | null;
}

const BOOLEANS = ["help", "json", "quick", "write"] as const;

/** @throws {RangeError} naming what is not known */
export function parseOptions(args: string[], rows: readonly string[]): BenchOptions {
  const flags = parseArgs(args, {
    boolean: [...BOOLEANS],
    string: ["only"],
    collect: ["only"],
    alias: { h: "help" },
    unknown: (arg) => {
      throw new RangeError(`"${arg}" is not known: --help lists the flags`);
    },
  });
  const only = (flags.only as string[]).flatMap((names) => names.split(",")).filter((name) => name !== "");
  for (const name of only) {
    if (!rows.includes(name)) throw new RangeError(`"${name}" is no row: there are ${rows.join(", ")}`);
  }
  const given = Object.fromEntries(BOOLEANS.map((name) => [name, flags[name] === true])) as Record<
    typeof BOOLEANS[number],
    boolean
  >;
  return { ...given, only: only.length === 0 ? null : only };
}
