/** Options of {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Names whose values are booleans. */
  boolean?: readonly string[];
  /** Names whose values are strings. */
  string?: readonly string[];
  /** Names that gather several values. */
  collect?: readonly string[];
  /** Names for which `--no-x` gives false. */
  negatable?: readonly string[];
  /** Other names of a flag. */
  alias?: Readonly<Record<string, string>>;
  /** Whether to stop at the first argument that is no flag. */
  stopEarly?: boolean;
  /** Called for each argument that is not declared; its result says whether to keep it. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** The flags of a command line. `_` holds the arguments that are no flags. */
export declare function parseArgs(
  args: readonly string[],
  options?: ParseOptions,
): Record<string, unknown> & { _: (string | number)[] };
