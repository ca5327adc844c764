/** Results as a table for people. */

import type { Goal, Result, Unit } from "./result.ts";

const HEADERS = ["workload", "ratio", "goal", "met", "ours", "against", "remark"];

/** A number with the digits that mean something. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function showFigure(value: number | null, unit: Unit): string {
  return value === null ? "–" : `${showNumber(value)} ${unit}`;
}

function showGoal(goal: Goal | null): string {
  if (goal === null) return "–";
  return "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${Number(goal.atMost.toFixed(2))}`;
}

/** The cells of a result. */
function cellsOf({ workload, unit, ours, theirs, against, ratio, goal, met, note }: Result): string[] {
  return [
    workload,
    ratio === null ? "–" : showNumber(ratio),
    showGoal(goal),
    met === null ? "–" : met ? "yes" : "no",
    showFigure(ours, unit),
    theirs === null ? against : `${against}: ${showFigure(theirs, unit)}`,
    note ?? "",
  ];
}

/** Cells in columns of even width, the first line underlined. */
export function showColumns(rows: readonly string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const line = (cells: string[]) => cells.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd();
  const underline = widths.map((width) => "-".repeat(width));
  return [rows[0], underline, ...rows.slice(1)].map(line).join("\n");
}

/** The table for a terminal. */
export function showTable(results: readonly Result[]): string {
  return showColumns([HEADERS, ...results.map(cellsOf)]);
}

/** The table in Markdown. */
export function showMarkdown(results: readonly Result[]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(HEADERS), line(HEADERS.map(() => "---")), ...results.map((result) => line(cellsOf(result)))]
    .join("\n");
}
