/** What a row of the table says. */

import { median } from "./in_turn.ts";

/** What a ratio must reach. */
export type Goal = { atLeast: number } | { atMost: number };

/** What the figures count. */
export type Unit = "elements/s" | "MB/s" | "calls/s" | "updates/s" | "µs of a core" | "ms" | "s" | "MB";

/** A line of the table. */
export interface Result {
  /** The name to ask for it with `--only`. */
  row: string;
  workload: string;
  unit: Unit;
  /** Medians; null: could not be measured. */
  ours: number | null;
  theirs: number | null;
  /** The peer or ceiling. */
  against: string;
  /** Ours divided by theirs. */
  ratio: number | null;
  /** Null: nothing is promised against what was compared with. */
  goal: Goal | null;
  met: boolean | null;
  /** Why something could not be measured, or what else was seen. */
  note?: string;
  /** The figures of each round. */
  samples: { ours: number[]; theirs: number[] };
}

/** What a result is made of. */
export interface Figures {
  row: string;
  workload: string;
  unit: Unit;
  against: string;
  goal: Goal | null;
  ours: number[];
  theirs: number[];
  note?: string;
}

/** Compares the medians of the figures of both sides. */
export function compare({ ours, theirs, ...said }: Figures): Result {
  const middle = (figures: number[]) => figures.length === 0 ? null : median(figures);
  const [a, b] = [middle(ours), middle(theirs)];
  const ratio = a === null || b === null ? null : a / b;
  return {
    ...said,
    ours: a,
    theirs: b,
    ratio,
    met: ratio === null || said.goal === null ? null : meets(ratio, said.goal),
    samples: { ours, theirs },
  };
}

/** Whether a ratio reaches its goal. */
export function meets(ratio: number, goal: Goal): boolean {
  return "atLeast" in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}
