/** What the conformance cases say over and over about numbers. */

/** 0, 1, ..., count - 1. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The values from small to large. */
export function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** The numbers below `count`, each `times` times, from small to large. */
export function copies(times: number, count: number): number[] {
  return numbers(count).flatMap((x) => Array<number>(times).fill(x));
}
