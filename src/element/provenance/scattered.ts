import type { Range } from "../../base/mod.ts";

// Below this the work of gathering is more than it saves.
const FEW = 8;

/** Numbers in any order as ranges, ascending where there are many: a set takes few ranges much quicker than many numbers. */
export function gathered(numbers: readonly number[]): Range[] {
  if (numbers.length < FEW) return numbers.map((number) => ({ start: number, end: number + 1 }));
  let least = Infinity;
  let most = -Infinity;
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > most) most = number;
  }
  // A shuffle's numbers lie close together: ticking them off is quicker than sorting.
  return most - least < FEW * numbers.length
    ? ticked(numbers, least, most)
    : joined(Float64Array.from(numbers).sort());
}

function ticked(numbers: readonly number[], least: number, most: number): Range[] {
  const ticks = new Uint8Array(most - least + 2);
  for (const number of numbers) ticks[number - least] = 1;
  const ranges: Range[] = [];
  for (let at = ticks.indexOf(1); at >= 0;) {
    const end = ticks.indexOf(0, at);
    ranges.push({ start: least + at, end: least + end });
    at = ticks.indexOf(1, end);
  }
  return ranges;
}

function joined(sorted: Float64Array): Range[] {
  const ranges: Range[] = [];
  let start = sorted[0];
  let end = start + 1;
  for (const number of sorted.subarray(1)) {
    if (number > end) {
      ranges.push({ start, end });
      start = number;
    }
    end = number + 1;
  }
  ranges.push({ start, end });
  return ranges;
}
