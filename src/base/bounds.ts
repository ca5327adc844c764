/**
 * Sets of whole numbers >= 0 as plain lists of bounds: start, end, start, end, ... of sorted ranges that neither
 * overlap nor touch, each end excluded. For state that is kept as plain data; {@linkcode RangeSet} is the same as an
 * object.
 */

/** How many of the bounds are <= `value`: odd inside a range. */
export function boundsUpTo(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bounds[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether `value` lies inside one of the ranges. */
export function isWithin(bounds: readonly number[], value: number): boolean {
  return boundsUpTo(bounds, value) % 2 === 1;
}

/** Adds the numbers from `start` to `end`, the last excluded, in place. */
export function addBounds(bounds: number[], start: number, end: number): void {
  if (start >= end) return;
  const last = bounds.length - 1;
  if (last < 0 || start > bounds[last]) return void bounds.push(start, end);
  if (start >= bounds[last - 1]) return void (bounds[last] = Math.max(bounds[last], end));
  // The first bound that is not below `start`, the first that is above `end`: an odd place lies inside a range.
  const from = boundsUpTo(bounds, start - 1);
  const to = boundsUpTo(bounds, end);
  const joined: number[] = [];
  if (from % 2 === 0) joined.push(start);
  if (to % 2 === 0) joined.push(end);
  bounds.splice(from, to - from, ...joined);
}

/** Takes the numbers from `start` to `end`, the last excluded, out, in place. */
export function removeBounds(bounds: number[], start: number, end: number): void {
  if (start >= end) return;
  const from = boundsUpTo(bounds, start - 1);
  const to = boundsUpTo(bounds, end);
  if (from === to && from % 2 === 0) return;
  const left: number[] = [];
  if (from % 2 === 1) left.push(start);
  if (to % 2 === 1) left.push(end);
  bounds.splice(from, to - from, ...left);
}

/** The bounds without the numbers of many ranges, which are sorted and do not overlap: in one walk through both. */
export function withoutRanges(
  bounds: readonly number[],
  ranges: readonly { readonly start: number; readonly end: number }[],
): number[] {
  const left: number[] = [];
  let at = 0;
  for (let i = 0; i < bounds.length; i += 2) {
    let start = bounds[i];
    const end = bounds[i + 1];
    while (at < ranges.length && ranges[at].end <= start) at++;
    // The last of them may reach into the next range of the bounds.
    for (let next = at; next < ranges.length && ranges[next].start < end; next++) {
      if (ranges[next].start > start) left.push(start, ranges[next].start);
      start = Math.max(start, ranges[next].end);
    }
    if (start < end) left.push(start, end);
  }
  return left;
}

/** The parts of the ranges between `start` and `end`, in ascending order. */
export function* partsWithin(
  bounds: readonly number[],
  start: number,
  end: number,
): Generator<[start: number, end: number], void, void> {
  let at = boundsUpTo(bounds, start);
  at -= at % 2;
  for (; at < bounds.length && bounds[at] < end; at += 2) {
    yield [Math.max(start, bounds[at]), Math.min(end, bounds[at + 1])];
  }
}

/** What is missing between `start` and `end`, in ascending order. */
export function* gapsWithin(
  bounds: readonly number[],
  start: number,
  end: number,
): Generator<[start: number, end: number], void, void> {
  let at = boundsUpTo(bounds, start);
  if (at % 2 === 1) start = bounds[at++];
  for (; start < end; at += 2) {
    const stop = Math.min(end, bounds[at] ?? end);
    if (start < stop) yield [start, stop];
    start = bounds[at + 1] ?? end;
  }
}

/** How many numbers lie in the ranges. */
export function countWithin(bounds: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < bounds.length; i += 2) count += bounds[i + 1] - bounds[i];
  return count;
}
