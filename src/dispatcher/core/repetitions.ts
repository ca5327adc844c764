/** A set of repetition numbers as sorted, disjoint, inclusive ranges: passes end nearly in order, so it stays tiny. */
export type Repetitions = [from: number, to: number][];

/**
 * Most ranges of a set. Where every other pass is given up before its end there is a gap at each: beyond this many
 * the oldest gap is closed, so that what was given up long ago counts as over.
 */
export const MAX_RANGES = 1_000;

/** Whether `repetition` is in the set. */
export function hasRepetition(
  set: readonly (readonly [from: number, to: number])[],
  repetition: number,
): boolean {
  return set.some(([from, to]) => from <= repetition && repetition <= to);
}

/** Adds `repetition` in place, joining ranges that touch. */
export function addRepetition(set: Repetitions, repetition: number): void {
  if (hasRepetition(set, repetition)) return;
  let at = set.findIndex(([from]) => from > repetition);
  if (at < 0) at = set.length;
  const before = set[at - 1];
  const after = set[at];
  const touchesBefore = before !== undefined && before[1] === repetition - 1;
  const touchesAfter = after !== undefined && after[0] === repetition + 1;
  if (touchesBefore && touchesAfter) {
    before[1] = after[1];
    set.splice(at, 1);
  } else if (touchesBefore) {
    before[1] = repetition;
  } else if (touchesAfter) {
    after[0] = repetition;
  } else {
    set.splice(at, 0, [repetition, repetition]);
  }
  if (set.length > MAX_RANGES) set.splice(0, 2, [set[0][0], set[1][1]]);
}
