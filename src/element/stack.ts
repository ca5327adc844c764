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
      return stackNumbers(elements, place);
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
    if (odd !== -1) {
      throw differing(
        "lengths",
        `has length ${first.length}`,
        odd,
        `has length ${arrays[odd].length}`,
        place,
      );
    }
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

/** A place for a message; nothing for the element itself. */
export function atPlace(place: string): string {
  return place === "" ? "" : ` at ${place}`;
}

/** The error of elements that differ in `what`, a plural; `first` and `other` say what element 0 and that at `index` have or are. */
export function differing(
  what: string,
  first: string,
  index: number,
  other: string,
  place: string,
): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot batch elements of different ${what}${
      atPlace(place)
    }: element 0 ${first}, element ${index} ${other}`,
  );
}

/** All elements, if they are of the first one's kind. */
export function checkAll<T extends Element>(
  elements: readonly Element[],
  is: (element: Element) => element is T,
  place: string,
): readonly T[] {
  for (let i = 0; i < elements.length; i++) {
    if (!is(elements[i])) throw differingKinds(elements, i, place);
  }
  return elements as readonly T[];
}

function differingKinds(elements: readonly Element[], index: number, place: string): InvalidArgumentError {
  return differing("structures", `is ${kindOf(elements[0])}`, index, `is ${kindOf(elements[index])}`, place);
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

/** The keys of a record, for {@linkcode differing}. */
export function showKeys(record: object): string {
  return `has the keys {${Object.keys(record).join(", ")}}`;
}

function stackNumbers(elements: readonly Element[], place: string): Float64Array {
  const batch = new Float64Array(elements.length);
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i];
    if (typeof element !== "number") throw differingKinds(elements, i, place);
    batch[i] = element;
  }
  return batch;
}

function stackBigints(values: readonly bigint[], place: string): BigInt64Array {
  const batch = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) batch[i] = checkInt64(values[i], i, place);
  return batch;
}

/** Refuses a bigint of over 64 bits, which an array of int64 would cut off. `index` is the element that holds it. */
export function checkInt64(value: bigint, index: number, place: string): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new InvalidArgumentError(
    `Cannot batch bigint ${value} of element ${index}${atPlace(place)}: a batch of bigints holds int64`,
  );
}

function stackTensors(tensors: readonly Tensor[], place: string): Tensor {
  const { dtype, shape, data } = tensors[0];
  const stacked = new (classOfDType(dtype))(tensors.length * data.length);
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i];
    if (tensor.dtype !== dtype) throw differing("dtypes", `has ${dtype}`, i, `has ${tensor.dtype}`, place);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw differing(
        "shapes",
        `has shape [${shape.join(", ")}]`,
        i,
        `has shape [${tensor.shape.join(", ")}]`,
        place,
      );
    }
    setValues(stacked, tensor.data, i * data.length);
  }
  return { dtype, shape: [tensors.length, ...shape], data: stacked };
}
