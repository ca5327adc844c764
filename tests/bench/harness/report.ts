/** The table in docs/performance.md. */

import type { Result } from "./result.ts";
import { showMarkdown } from "./table.ts";

/** What a run of the benchmarks came to. */
export interface Report {
  date: string;
  machine: string;
  quick: boolean;
  results: Result[];
  failures: { row: string; error: string }[];
}

const BEGIN = "<!-- results: written by deno task bench --write -->";
const END = "<!-- end of results -->";

/**
 * A page with its results section replaced.
 *
 * @throws {Error} if the page has no such section
 */
export function withResults(page: string, { date, machine, quick, results, failures }: Report): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The page has no "${BEGIN}" before "${END}"`);
  const parts = [
    `Measured ${date.slice(0, 10)} on ${machine}${quick ? ", in one short round" : ""}.`,
    showMarkdown(results),
    ...failures.map(({ row, error }) => `\`${row}\` could not be measured: ${error}`),
  ];
  return `${page.slice(0, begin)}${BEGIN}\n\n${parts.join("\n\n")}\n\n${page.slice(end)}`;
}

/** Puts the results into docs/performance.md, in the format that `deno fmt` keeps. */
export async function writeReport(report: Report): Promise<void> {
  const path = new URL("../../../docs/performance.md", import.meta.url);
  await Deno.writeTextFile(path, withResults(await Deno.readTextFile(path), report));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path.pathname] }).output();
}
