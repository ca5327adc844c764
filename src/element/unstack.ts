/** Elements out of batches. */

import { InvalidArgumentError } from "../base/mod.ts";
import { isTypedArray } from "./dtypes.ts";
import { mapFields } from "./records.ts";
import { atPlace, placeOfField } from "./stack.ts";
import { isTensor } from "./tensors.ts";
import type { Element, Tensor } from "./types.ts";

/** Parts of an element along its first axis. */
export interface Parts {
  /** How many there are. */
  readonly length: number;
  /** Part `i`; typed arrays and tensors are views. */
  get(i: number): Element;
}

/**
 * The elements of a batch, as {@link stack} took them: numbers or bigints of a typed array, the items of an array
 * of scalars, the slices of a tensor along its first axis. The rows of a matrix are typed arrays (of a `bool`
 * matrix: tensors). A record, or an array of batches, is taken apart field by field. Slices are views.
 *
 * @throws {InvalidArgumentError} if it has no first axis, or its parts differ in length
 */
export function unstack(batch: Element): Element[] {
  const parts = partsOf(batch, "", true);
  const elements: Element[] = [];
  for (let i = 0; i < parts.length; i++) elements.push(parts.get(i));
  return elements;
}

/**
 * How many elements a batch holds.
 *
 * @throws {InvalidArgumentError} if it has no first axis, or its parts differ in length
 */
export function stackedLength(batch: Element): number {
  return partsOf(batch, "", true).length;
}

/** The parts of a batch; `rows`: those of a matrix are typed arrays, not tensors of one axis. */
function partsOf(batch: Element, place: string, rows: boolean): Parts {
  if (isTypedArray(batch)) return { length: batch.length, get: (i) => batch[i] };
  if (typeof batch !== "object" || batch === null) throw noAxis(batch, place);
  if (isTensor(batch)) return partsOfTensor(batch, place, rows);
  if (Array.isArray(batch)) return partsOfArray(batch, place, rows);
  const fields = mapFields(
    batch as { readonly [key: string]: Element },
    (value, key) => partsOf(value, placeOfField(place, key), rows),
  );
  const length = commonLength(Object.values(fields), place);
  return { length, get: (i) => mapFields(fields, (parts) => parts.get(i)) };
}

function noAxis(batch: Element, place: string): InvalidArgumentError {
  const kind = batch === null ? "null" : isTensor(batch) ? "a tensor of shape []" : `a ${typeof batch}`;
  return new InvalidArgumentError(
    `Cannot take ${kind} apart${atPlace(place)}: it has no first axis`,
  );
}

/** Slices of a tensor along its first axis: scalars of a vector, else tensors or, with `rows`, typed arrays. */
export function partsOfTensor(tensor: Tensor, place: string, rows: boolean): Parts {
  const { dtype, shape, data } = tensor;
  if (shape.length === 0) throw noAxis(tensor, place);
  const [length, ...rest] = shape;
  if (rest.length === 0) {
    return { length, get: dtype === "bool" ? (i) => data[i] !== 0 : (i) => data[i] };
  }
  const size = length === 0 ? 0 : data.length / length;
  const part = (i: number) => data.subarray(i * size, (i + 1) * size);
  if (rows && rest.length === 1 && dtype !== "bool") return { length, get: part };
  const sliceShape = Object.freeze(rest);
  return { length, get: (i) => ({ dtype, shape: sliceShape, data: part(i) }) };
}

function partsOfArray(array: readonly Element[], place: string, rows: boolean): Parts {
  const compound = array.filter((item) => typeof item === "object" && item !== null).length;
  if (compound === 0) return { length: array.length, get: (i) => array[i] };
  const parts = array.map((item, i) => partsOf(item, `${place}[${i}]`, rows));
  const length = commonLength(parts, place);
  return { length, get: (i) => parts.map((part) => part.get(i)) };
}

/** The length that all parts have. */
export function commonLength(parts: readonly Parts[], place: string): number {
  if (parts.length === 0) return 0;
  const { length } = parts[0];
  const odd = parts.find((part) => part.length !== length);
  if (odd) {
    throw new InvalidArgumentError(
      `Cannot take a batch apart${atPlace(place)}: its parts have lengths ${length} and ${odd.length}`,
    );
  }
  return length;
}
