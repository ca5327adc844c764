/** Rules that several operators share for their number of elements. */

import { INFINITE_CARDINALITY, UNKNOWN_CARDINALITY } from "./constants.ts";

/** Applies `rule` to a finite number of elements; infinite and unknown ones stay what they are. */
export function ifFinite(cardinality: number, rule: (count: number) => number): number {
  return cardinality < 0 ? cardinality : rule(cardinality);
}

/** As many elements as the first input has. */
export function sameCount(_node: unknown, [input]: readonly number[]): number {
  return input;
}

/** Shows only when the pipeline is run. */
export function unknownCount(): number {
  return UNKNOWN_CARDINALITY;
}

/** `count` elements in batches of `size`. */
export function batches(cardinality: number, size: number, dropRemainder: boolean): number {
  return ifFinite(cardinality, (count) => dropRemainder ? Math.floor(count / size) : Math.ceil(count / size));
}

/** All inputs one after the other: infinite if any is, unknown if any is, else the sum. */
export function sum(cardinalities: readonly number[]): number {
  if (cardinalities.includes(INFINITE_CARDINALITY)) return INFINITE_CARDINALITY;
  if (cardinalities.includes(UNKNOWN_CARDINALITY)) return UNKNOWN_CARDINALITY;
  return cardinalities.reduce((total, count) => total + count, 0);
}

/** All inputs side by side: unknown if any is, else the smallest; infinite if all are. */
export function shortest(cardinalities: readonly number[]): number {
  if (cardinalities.includes(UNKNOWN_CARDINALITY)) return UNKNOWN_CARDINALITY;
  // Not Math.min(...finite): a call takes only so many arguments.
  return cardinalities.reduce((least, count) => least < 0 || (count >= 0 && count < least) ? count : least);
}
