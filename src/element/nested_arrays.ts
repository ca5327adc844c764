/** Nested JavaScript arrays of scalars, which padding takes for tensors. */

import { InvalidArgumentError } from "../base/mod.ts";
import { atPlace, checkInt64 } from "./stack.ts";
import type { Element, Tensor } from "./types.ts";

/** Types of scalars that are padded. */
export type Scalar = "number" | "bigint" | "string" | "boolean";

/** The type of all scalars in nested arrays ("number" if there are none); null if they differ or are not only scalars. */
export function scalarOf(arrays: readonly Element[]): Scalar | null {
  const found = new Set<string>();
  const visit = (value: Element): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else found.add(value === null ? "null" : typeof value);
  };
  arrays.forEach(visit);
  if (found.size === 0) return "number";
  const [type] = found;
  const known = type === "number" || type === "bigint" || type === "string" || type === "boolean";
  return found.size === 1 && known ? type : null;
}

/** How deep arrays are nested in a value: 0 for a scalar. */
export function rankOf(value: Element): number {
  if (!Array.isArray(value)) return 0;
  let rank = 0;
  for (const item of value) rank = Math.max(rank, rankOf(item));
  return 1 + rank;
}

/**
 * A nested array of numbers or bigints as a tensor of rank `rank`.
 *
 * @throws {InvalidArgumentError} if its arrays differ in length or depth, or a bigint has over 64 bits
 */
export function toTensor(
  array: readonly Element[],
  dtype: "float64" | "int64",
  rank: number,
  index: number,
  place: string,
): Tensor {
  const shape: number[] = [];
  let level: readonly Element[] = [array];
  for (let axis = 0; axis < rank; axis++) {
    const arrays = level.filter((value) => Array.isArray(value));
    const size = arrays.length === 0 ? 0 : arrays[0].length;
    if (arrays.length !== level.length || arrays.some((value) => value.length !== size)) {
      throw new InvalidArgumentError(
        `Cannot pad element ${index}${atPlace(place)}: its nested arrays differ in length`,
      );
    }
    shape.push(size);
    level = arrays.flat(1);
  }
  const data = dtype === "float64"
    ? Float64Array.from(level as readonly number[])
    : BigInt64Array.from(level as readonly bigint[], (value) => checkInt64(value, index, place));
  return { dtype, shape, data };
}
