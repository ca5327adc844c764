/** Batches out of elements whose arrays differ in size. */

import { InvalidArgumentError, show } from "../base/mod.ts";
import { rankOf, scalarOf, toTensor } from "./nested_arrays.ts";
import { commonShape, type PaddedShape, padTensors, showShape } from "./pad_tensors.ts";
import { mapFields, sameKeys } from "./records.ts";
import {
  atPlace,
  checkAll,
  differing,
  isRecord,
  isTensorLike,
  placeOfField,
  showKeys,
  stackAt,
  tensorOf,
} from "./stack.ts";
import type { Element } from "./types.ts";

/**
 * Elements as one batch, as {@linkcode stack}, after each typed array, tensor and array of scalars has been padded
 * at the end of each axis. Arrays of numbers (nested ones too) become a float64 tensor, arrays of bigints an int64
 * tensor; arrays of strings or booleans become an array of padded arrays; other arrays are padded place by place.
 *
 * @param elements what to batch, at least one
 * @param paddedShapes the structure of an element with a shape at each array, whose null (or -1) stands for the
 * largest size of the batch; null in place of any part of it: the largest sizes throughout
 * @param paddingValues one value, or the structure of an element with a value at each array; null: 0, "" or false
 * @throws {InvalidArgumentError} if the structures, dtypes or ranks of the elements differ, if an element is
 * larger than its padded shape, or if a shape or value does not fit the elements
 */
export function padAndStack(
  elements: readonly Element[],
  paddedShapes: Element,
  paddingValues: Element,
): Element {
  if (elements.length === 0) throw new InvalidArgumentError("Cannot batch elements: there are none");
  return padAt(elements, paddedShapes, paddingValues, "");
}

function padAt(elements: readonly Element[], shapes: Element, values: Element, place: string): Element {
  const first = elements[0];
  if (isTensorLike(first)) {
    return padTensors(
      checkAll(elements, isTensorLike, place).map(tensorOf),
      checkShape(shapes, place),
      values,
      place,
    );
  }
  if (Array.isArray(first)) {
    return padArrays(checkAll(elements, (e) => Array.isArray(e), place), shapes, values, place);
  }
  if (isRecord(first)) return padRecords(checkAll(elements, isRecord, place), shapes, values, place);
  const shape = checkShape(shapes, place);
  if (shape !== null && shape.length > 0) {
    throw new InvalidArgumentError(
      `Cannot pad a scalar${atPlace(place)} to shape ${
        showShape(shape)
      }: its \`paddedShapes\` must be [] or null`,
    );
  }
  return stackAt(elements, place);
}

function checkShape(shape: Element, place: string): PaddedShape | null {
  if (shape === null) return null;
  if (!isShape(shape)) {
    throw new InvalidArgumentError(
      `\`paddedShapes\`${atPlace(place)} must be an array of sizes, each a whole number or null, got ${
        show(shape)
      }`,
    );
  }
  return shape.map((size) => size === -1 ? null : size);
}

function isShape(shape: Element): shape is PaddedShape {
  return Array.isArray(shape) &&
    shape.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) >= -1));
}

type Records = readonly { readonly [key: string]: Element }[];

function padRecords(records: Records, shapes: Element, values: Element, place: string): Element {
  const odd = records.findIndex((record) => !sameKeys(records[0], record));
  if (odd !== -1) {
    throw differing("keys", showKeys(records[0]), odd, showKeys(records[odd]), place);
  }
  return mapFields(records[0], (_, key) => {
    const here = placeOfField(place, key);
    return padAt(
      records.map((record) => record[key]),
      shapes === null ? null : partOf("paddedShapes", shapes, key, place),
      isOneValue(values) ? values : partOf("paddingValues", values, key, place),
      here,
    );
  });
}

function isOneValue(values: Element): boolean {
  return typeof values !== "object" || values === null;
}

function partOf(name: string, structure: Element, key: string | number, place: string): Element {
  if (typeof structure === "object" && structure !== null && Object.hasOwn(structure, key)) {
    return (structure as { readonly [key: string]: Element })[key];
  }
  throw new InvalidArgumentError(
    `\`${name}\`${atPlace(place)} must have the structure of the elements: ${show(key)} is missing`,
  );
}

type Arrays = readonly (readonly Element[])[];

function padArrays(arrays: Arrays, shapes: Element, values: Element, place: string): Element {
  const scalar = scalarOf(arrays);
  // A tuple's shapes are shapes, or nulls without any size: what has sizes is one shape, and makes a vector of it.
  const meantAsTuple = Array.isArray(shapes) && !isShape(shapes);
  if (scalar !== null && !meantAsTuple) {
    const shape = checkShape(shapes, place);
    if (scalar === "number" || scalar === "bigint") {
      const dtype = scalar === "number" ? "float64" : "int64";
      const rank = rankOf(arrays) - 1;
      return padTensors(
        arrays.map((array, i) => toTensor(array, dtype, rank, i, place)),
        shape,
        values,
        place,
      );
    }
    return padLists(arrays, scalar, shape, values, place);
  }
  const odd = arrays.findIndex((array) => array.length !== arrays[0].length);
  if (odd !== -1) {
    throw differing(
      "lengths",
      `has length ${arrays[0].length}`,
      odd,
      `has length ${arrays[odd].length}`,
      place,
    );
  }
  return arrays[0].map((_, i) =>
    padAt(
      arrays.map((array) => array[i]),
      shapes === null ? null : partOf("paddedShapes", shapes, i, place),
      isOneValue(values) ? values : partOf("paddingValues", values, i, place),
      `${place}[${i}]`,
    )
  );
}

function padLists(
  arrays: Arrays,
  scalar: "string" | "boolean",
  asked: PaddedShape | null,
  value: Element,
  place: string,
): Element {
  if (arrays.some((array) => rankOf(array) > 1)) {
    throw new InvalidArgumentError(
      `Cannot pad nested arrays of type ${scalar}${atPlace(place)}: only one axis is padded`,
    );
  }
  const padding = value ?? (scalar === "string" ? "" : false);
  const type = typeof padding;
  if (type !== scalar) {
    throw new InvalidArgumentError(
      `\`paddingValues\`${atPlace(place)} must be a ${scalar}, got ${show(value)}`,
    );
  }
  const [size] = commonShape(arrays.map((array) => [array.length]), asked, place);
  return arrays.map((array) => [...array, ...new Array<Element>(size - array.length).fill(padding)]);
}
