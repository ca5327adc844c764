/** Batches out of elements whose arrays differ in size. */

import { InvalidArgumentError, show } from "../base/mod.ts";
import { classOfDType } from "./dtypes.ts";
import { mapFields, sameKeys } from "./records.ts";
import {
  checkAll,
  differing,
  isRecord,
  isTensorLike,
  placeOfField,
  setValues,
  stackAt,
  tensorOf,
} from "./stack.ts";
import { sizeOfShape } from "./tensors.ts";
import type { DType, Element, Tensor, TypedArray } from "./types.ts";

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
      `Cannot pad a scalar${at(place)} to shape ${showShape(shape)}: its \`paddedShapes\` must be [] or null`,
    );
  }
  return stackAt(elements, place);
}

type Shape = readonly (number | null)[];

function at(place: string): string {
  return place === "" ? "" : ` at ${place}`;
}

function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

function checkShape(shape: Element, place: string): Shape | null {
  if (shape === null) return null;
  if (!isShape(shape)) {
    throw new InvalidArgumentError(
      `\`paddedShapes\`${at(place)} must be an array of sizes, each a whole number or null, got ${
        show(shape)
      }`,
    );
  }
  return shape.map((size) => size === -1 ? null : size);
}

function isShape(shape: Element): shape is Shape {
  return Array.isArray(shape) &&
    shape.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) >= -1));
}

type Records = readonly { readonly [key: string]: Element }[];

function padRecords(records: Records, shapes: Element, values: Element, place: string): Element {
  const odd = records.findIndex((record) => !sameKeys(records[0], record));
  if (odd !== -1) {
    throw differing(
      "keys",
      Object.keys(records[0]).join(", "),
      odd,
      Object.keys(records[odd]).join(", "),
      place,
    );
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
    `\`${name}\`${at(place)} must have the structure of the elements: ${show(key)} is missing`,
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
      const rank = Math.max(...arrays.map(rankOf));
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
  if (odd !== -1) throw differing("lengths", arrays[0].length, odd, arrays[odd].length, place);
  return arrays[0].map((_, i) =>
    padAt(
      arrays.map((array) => array[i]),
      shapes === null ? null : partOf("paddedShapes", shapes, i, place),
      isOneValue(values) ? values : partOf("paddingValues", values, i, place),
      `${place}[${i}]`,
    )
  );
}

type Scalar = "number" | "bigint" | "string" | "boolean";

/** The type of all scalars in nested arrays ("number" if there are none); null if they differ or are not only scalars. */
function scalarOf(arrays: Arrays): Scalar | null {
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

function rankOf(value: Element): number {
  return Array.isArray(value) ? 1 + Math.max(0, ...value.map(rankOf)) : 0;
}

function toTensor(
  array: readonly Element[],
  dtype: DType,
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
        `Cannot pad element ${index}${at(place)}: its nested arrays differ in length`,
      );
    }
    shape.push(size);
    level = arrays.flat(1);
  }
  const data = new (classOfDType(dtype))(level.length);
  level.forEach((value, i) => (data as Float64Array)[i] = value as number);
  return { dtype, shape, data };
}

/** The padded shape of elements with these shapes. */
function commonShape(shapes: readonly (readonly number[])[], asked: Shape | null, place: string): number[] {
  const rank = asked?.length ?? shapes[0].length;
  const odd = shapes.findIndex((shape) => shape.length !== rank);
  if (odd !== -1) {
    throw new InvalidArgumentError(
      `Cannot pad element ${odd} of shape ${showShape(shapes[odd])}${at(place)}: ${
        asked === null
          ? `element 0 has shape ${showShape(shapes[0])}`
          : `\`paddedShapes\` is ${showShape(asked)}`
      }`,
    );
  }
  return Array.from({ length: rank }, (_, axis) => {
    const largest = shapes.reduce((max, shape) => Math.max(max, shape[axis]), 0);
    const size = asked?.[axis] ?? largest;
    if (size < largest) {
      const large = shapes.findIndex((shape) => shape[axis] > size);
      throw new InvalidArgumentError(
        `Cannot pad element ${large} of shape ${showShape(shapes[large])}${
          at(place)
        } to a smaller size: \`paddedShapes\` is ${showShape(asked!)}`,
      );
    }
    return size;
  });
}

function padTensors(tensors: readonly Tensor[], asked: Shape | null, value: Element, place: string): Tensor {
  const { dtype } = tensors[0];
  const odd = tensors.findIndex((tensor) => tensor.dtype !== dtype);
  if (odd !== -1) throw differing("dtypes", dtype, odd, tensors[odd].dtype, place);
  const shape = commonShape(tensors.map((tensor) => tensor.shape), asked, place);
  const size = sizeOfShape(shape);
  if (size === null) {
    throw new InvalidArgumentError(`Cannot pad elements${at(place)}: shape ${showShape(shape)} is too large`);
  }
  const data = new (classOfDType(dtype))(tensors.length * size);
  const padding = checkPadding(value, dtype, place);
  if (padding !== null) (data as Float64Array).fill(padding as number);
  tensors.forEach((tensor, i) => copyInto(data, i * size, shape, tensor));
  return { dtype, shape: [tensors.length, ...shape], data };
}

/** The padding of a dtype; null: zeros, which new arrays hold already. */
function checkPadding(value: Element, dtype: DType, place: string): number | bigint | null {
  if (value === null) return null;
  const isBig = dtype === "int64" || dtype === "uint64";
  if (isBig && (typeof value === "bigint" || Number.isSafeInteger(value))) {
    return BigInt(value as bigint | number);
  }
  if (!isBig && dtype !== "bool" && typeof value === "number") return value;
  if (dtype === "bool" && (typeof value === "boolean" || value === 0 || value === 1)) return Number(value);
  throw new InvalidArgumentError(
    `\`paddingValues\`${at(place)} must be a value of ${dtype}, got ${show(value)}`,
  );
}

/** Copies a tensor into the corner of a larger one that begins at `offset`. */
function copyInto(to: TypedArray, offset: number, toShape: readonly number[], { shape, data }: Tensor): void {
  if (data.length === 0) return;
  const copy = (axis: number, from: number, into: number, fromSize: number, intoSize: number): void => {
    if (axis >= shape.length - 1) return setValues(to, data.subarray(from, from + fromSize), into);
    const fromStep = fromSize / shape[axis];
    const intoStep = intoSize / toShape[axis];
    for (let i = 0; i < shape[axis]; i++) {
      copy(axis + 1, from + i * fromStep, into + i * intoStep, fromStep, intoStep);
    }
  };
  copy(0, 0, offset, data.length, sizeOfShape(toShape)!);
}

function padLists(
  arrays: Arrays,
  scalar: "string" | "boolean",
  asked: Shape | null,
  value: Element,
  place: string,
): Element {
  if (arrays.some((array) => rankOf(array) > 1)) {
    throw new InvalidArgumentError(
      `Cannot pad nested arrays of type ${scalar}${at(place)}: only one axis is padded`,
    );
  }
  const padding = value ?? (scalar === "string" ? "" : false);
  const type = typeof padding;
  if (type !== scalar) {
    throw new InvalidArgumentError(`\`paddingValues\`${at(place)} must be a ${scalar}, got ${show(value)}`);
  }
  const [size] = commonShape(arrays.map((array) => [array.length]), asked, place);
  return arrays.map((array) => [...array, ...new Array<Element>(size - array.length).fill(padding)]);
}
