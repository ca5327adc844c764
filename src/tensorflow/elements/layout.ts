/** How Sluice's elements become TensorFlow's: a structure of tensors. */

import { InvalidArgumentError } from "../../base/mod.ts";
import type { DType, ElementSpec } from "../../element/mod.ts";
import { DataType } from "../../gen/tensorflow/tensor_pb.ts";
import { compareKeys } from "./compare_keys.ts";
import { dataTypeOf, nameOfDataType } from "./data_types.ts";

/** Sizes of axes; null where they differ from element to element, or even the rank does. */
export type PartialShape = readonly (number | null)[] | null;

/** What the values of a tensor are in Sluice, below the arrays that are axes of it. */
export type TensorItem =
  | { readonly kind: "number" | "bigint" | "boolean" | "string" }
  | { readonly kind: "typedArray" | "tensor"; readonly dtype: DType };

/** A place of the element that becomes one tensor. */
export interface TensorLayout {
  readonly kind: "tensor";
  readonly type: DataType;
  readonly shape: PartialShape;
  /** How many of the first axes are arrays of arrays. */
  readonly axes: number;
  readonly item: TensorItem;
}

/** How an element becomes tensors: those of a record in the order of its keys, by code points. */
export type Layout =
  | TensorLayout
  | { readonly kind: "tuple"; readonly items: readonly Layout[] }
  | { readonly kind: "record"; readonly fields: readonly (readonly [key: string, layout: Layout])[] };

/**
 * The layout of elements of one spec. A number is a float64, a bigint an int64, a boolean a bool, a string its UTF-8
 * as a string; typed arrays and tensors keep dtype and shape; tuples are tuples, records dictionaries, and a list is
 * one more axis in front of what its items are.
 *
 * @throws {InvalidArgumentError} if TensorFlow cannot hold such elements, naming the place
 */
export function layoutOf(spec: ElementSpec): Layout {
  const layout = layoutAt(spec, "");
  if (countTensors(layout) === 0) throw refusal("", "it has no values", "give it at least one");
  return layout;
}

/** How many tensors an element has. */
export function countTensors(layout: Layout): number {
  switch (layout.kind) {
    case "tensor":
      return 1;
    case "tuple":
      return layout.items.reduce((sum, item) => sum + countTensors(item), 0);
    case "record":
      return layout.fields.reduce((sum, [, field]) => sum + countTensors(field), 0);
  }
}

/** The name of a place, for messages. */
export function placeName(place: string): string {
  return place === "" ? "the element" : `\`${place}\``;
}

/** The place of a record's field. */
export function fieldPlace(place: string, key: string): string {
  return place === "" ? key : `${place}.${key}`;
}

function layoutAt(spec: ElementSpec, place: string): Layout {
  switch (spec.kind) {
    case "tuple":
      return {
        kind: "tuple",
        items: spec.items.map((item, i) => layoutAt(item, `${place}[${i}]`)),
      };
    case "record": {
      const keys = Object.keys(spec.fields).sort(compareKeys);
      return {
        kind: "record",
        fields: keys.map((key) => [key, layoutAt(spec.fields[key], fieldPlace(place, key))]),
      };
    }
    default:
      return tensorAt(spec, place);
  }
}

/** One tensor for all that `spec` describes. */
function tensorAt(spec: ElementSpec, place: string): TensorLayout {
  switch (spec.kind) {
    case "number":
      return scalar(DataType.DT_DOUBLE, spec.kind);
    case "bigint":
      return scalar(DataType.DT_INT64, spec.kind);
    case "boolean":
      return scalar(DataType.DT_BOOL, spec.kind);
    case "string":
      return scalar(DataType.DT_STRING, spec.kind);
    case "typedArray":
      return {
        kind: "tensor",
        type: dataTypeOf(spec.dtype),
        shape: [spec.length],
        axes: 0,
        item: { kind: "typedArray", dtype: spec.dtype },
      };
    case "tensor":
      return {
        kind: "tensor",
        type: dataTypeOf(spec.dtype),
        shape: spec.shape,
        axes: 0,
        item: { kind: "tensor", dtype: spec.dtype },
      };
    case "list":
      return withAxis(tensorAt(spec.item, `${place}[]`), null);
    case "tuple":
      return stackedTuple(spec.items, place);
    case "null":
      throw refusal(place, "it is null", "leave it out, or map it to a value");
    case "record":
      throw refusal(place, "it is a record within an array of any length", "map it to a record of arrays");
    case "any":
      throw refusal(
        place,
        "its structure or type differs from element to element, or is not known",
        "map all elements to one structure",
      );
  }
}

function scalar(type: DataType, kind: "number" | "bigint" | "boolean" | "string"): TensorLayout {
  return { kind: "tensor", type, shape: [], axes: 0, item: { kind } };
}

function withAxis(tensor: TensorLayout, size: number | null): TensorLayout {
  return { ...tensor, shape: tensor.shape && [size, ...tensor.shape], axes: tensor.axes + 1 };
}

/** A tuple within a list: one more axis, if its places hold the same. */
function stackedTuple(items: readonly ElementSpec[], place: string): TensorLayout {
  if (items.length === 0) throw refusal(place, "it is an array without values", "leave it out");
  const tensors = items.map((item, i) => tensorAt(item, `${place}[${i}]`));
  const shape = tensors.map((tensor) => tensor.shape).reduce(mergeShapes);
  const [first] = tensors;
  for (const tensor of tensors) {
    const isSame = tensor.type === first.type && tensor.axes === first.axes &&
      tensor.item.kind === first.item.kind;
    if (!isSame) {
      const types = `${nameOfDataType(first.type)} and ${nameOfDataType(tensor.type)}`;
      throw refusal(place, `it is an array of ${types} within an array`, "map it to a record of arrays");
    }
  }
  return withAxis({ ...first, shape }, items.length);
}

function mergeShapes(a: PartialShape, b: PartialShape): PartialShape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((size, axis) => size === b[axis] ? size : null);
}

/** Not `unimplemented`: TensorFlow's clients take that from a dispatcher for one of an older version. */
function refusal(place: string, why: string, advice: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `TensorFlow cannot hold ${placeName(place)} of this dataset: ${why}; ${advice}`,
  );
}
