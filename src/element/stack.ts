/** Batches out of elements. */

import { InvalidArgumentError } from "../base/mod.ts";
import { classOfDType, dtypeOfArray, isTypedArray } from "./dtypes.ts";
import { mapFields, sameKeys } from "./records.ts";
import { isTensor } from "./tensors.ts";
import type { Element, Tensor, TypedArray } from "./types.ts";

/**
 * Elements as one batch: numbers as `Float64Array`, bigints as `BigInt64Array`, booleans, strings and nulls as an
 * array of them, typed arrays and tensors of one dtype and shape as a tensor with one more axis in front, records
 * as a record of batches, arrays of one length as an array of batches, place by place.
 *
 * @throws {InvalidArgumentError} if there are none, if their structures, dtypes or shapes differ (naming both), or
 * if a bigint has more than 64 bits
 */
export function stack(elements: readonly Element[]): Element {
  if (elements.length === 0) throw new InvalidArgumentError("Cannot batch elements: there are none");
  return stackAt(elements, "");
}

/** As {@linkcode stack}; `place` is where in their elements the values stand, for messages. */
export function stackAt(elements: readonly Element[], place: string): Element {
  const first = elements[0];
  switch (typeof first) {
    case "number":
      return Float64Array.from(checkAll(elements, (e) => typeof e === "number", place));
    case "bigint":
      return stackBigints(checkAll(elements, (e) => typeof e === "bigint", place), place);
    case "string":
      return [...checkAll(elements, (e) => typeof e === "string", place)];
    case "boolean":
      return [...checkAll(elements, (e) => typeof e === "boolean", place)];
  }
  if (first === null) return [...checkAll(elements, (e) => e === null, place)];
  if (isTensorLike(first)) return stackTensors(checkAll(elements, isTensorLike, place).map(tensorOf), place);
  if (Array.isArray(first)) {
    const arrays = checkAll(elements, (e) => Array.isArray(e), place);
    const odd = arrays.findIndex((array) => array.length !== first.length);
    if (odd !== -1) throw differing("lengths", first.length, odd, arrays[odd].length, place);
    return first.map((_, i) => stackAt(arrays.map((array) => array[i]), `${place}[${i}]`));
  }
  const records = checkAll(elements, isRecord, place);
  const odd = records.findIndex((record) => !sameKeys(first, record));
  if (odd !== -1) throw differing("keys", showKeys(first), odd, showKeys(records[odd]), place);
  return mapFields(
    records[0],
    (_, key) => stackAt(records.map((record) => record[key]), placeOfField(place, key)),
  );
}

/** Where a field stands. */
export function placeOfField(place: string, key: string): string {
  return place === "" ? key : `${place}.${key}`;
}

/** Refuses elements that differ: `what` is the plural of what differs. */
export function differing(
  what: string,
  first: string | number,
  index: number,
  other: string | number,
  place: string,
): InvalidArgumentError {
  const at = place === "" ? "" : ` at ${place}`;
  return new InvalidArgumentError(
    `Cannot batch elements of different ${what}${at}: element 0 has ${first}, element ${index} has ${other}`,
  );
}

/** All elements, if they are of the first one's kind. */
export function checkAll<T extends Element>(
  elements: readonly Element[],
  is: (element: Element) => element is T,
  place: string,
): readonly T[] {
  for (let i = 0; i < elements.length; i++) {
    if (!is(elements[i])) throw differing("structures", kindOf(elements[0]), i, kindOf(elements[i]), place);
  }
  return elements as readonly T[];
}

function kindOf(element: Element): string {
  if (element === null) return "null";
  if (isTypedArray(element)) return `a ${dtypeOfArray(element)} array`;
  if (isTensor(element)) return `a ${element.dtype} tensor`;
  if (Array.isArray(element)) return "an array";
  return typeof element === "object" ? "a record" : `a ${typeof element}`;
}

/** Whether an element is a record. */
export function isRecord(element: Element): element is { readonly [key: string]: Element } {
  return typeof element === "object" && element !== null && !Array.isArray(element) && !isTensorLike(element);
}

/** Whether an element is a typed array or a tensor. */
export function isTensorLike(element: Element): element is TypedArray | Tensor {
  return isTypedArray(element) || isTensor(element);
}

/** A typed array as a tensor of one axis, a tensor as it is. */
export function tensorOf(element: TypedArray | Tensor): Tensor {
  return isTypedArray(element)
    ? { dtype: dtypeOfArray(element)!, shape: [element.length], data: element }
    : element as Tensor;
}

/** Appends the values of `from` to `to` at `offset`; both have the same class. */
export function setValues(to: TypedArray, from: TypedArray, offset: number): void {
  (to as Float64Array).set(from as Float64Array, offset);
}

function showKeys(record: object): string {
  return `{${Object.keys(record).join(", ")}}`;
}

function stackBigints(values: readonly bigint[], place: string): BigInt64Array {
  const odd = values.findIndex((value) => BigInt.asIntN(64, value) !== value);
  if (odd !== -1) {
    const at = place === "" ? "" : ` at ${place}`;
    throw new InvalidArgumentError(
      `Cannot batch bigint ${values[odd]} of element ${odd}${at}: a batch of bigints holds int64`,
    );
  }
  return BigInt64Array.from(values);
}

function stackTensors(tensors: readonly Tensor[], place: string): Tensor {
  const { dtype, shape, data } = tensors[0];
  const stacked = new (classOfDType(dtype))(tensors.length * data.length);
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i];
    if (tensor.dtype !== dtype) throw differing("dtypes", dtype, i, tensor.dtype, place);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw differing(
        "shapes",
        `shape [${shape.join(", ")}]`,
        i,
        `shape [${tensor.shape.join(", ")}]`,
        place,
      );
    }
    setValues(stacked, tensor.data, i * data.length);
  }
  return { dtype, shape: [tensors.length, ...shape], data: stacked };
}
