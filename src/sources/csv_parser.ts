import type { Options } from "csv-parse/sync";

/** Parses whole records; gives arrays of fields, and throws a `CsvError` for what is no csv. */
export type CsvParse = (input: Uint8Array, options: Options) => string[][];

let loading: Promise<CsvParse> | null = null;

/**
 * The parser of `csv-parse`, loaded by the first file that needs it. Its main build wants the global `Buffer`
 * of servers, its browser build brings one of its own; that one does not run in Deno, which lacks `__proto__`
 * setters.
 */
export function loadCsvParser(): Promise<CsvParse> {
  loading ??= import("csv-parse/sync")
    .catch(() => import("csv-parse/browser/esm/sync"))
    .then(({ parse }) => parse as CsvParse);
  return loading;
}
