/** Measuring in turn: A B A B A B, so that a slow minute of the machine hits both sides. */

/** Runs every measurement once a round, in their order, and gives the figures of each. */
export async function inTurn<K extends string, T>(
  rounds: number,
  measurements: Record<K, () => Promise<T>>,
  onRound: (round: number) => void = () => {},
): Promise<Record<K, T[]>> {
  const names = Object.keys(measurements) as K[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, T[]>;
  for (let round = 1; round <= rounds; round++) {
    onRound(round);
    for (const name of names) figures[name].push(await measurements[name]());
  }
  return figures;
}

/** The middle one of some figures, or the mean of the middle two. */
export function median(figures: readonly number[]): number {
  if (figures.length === 0) throw new RangeError("Cannot take the median of no figures");
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
