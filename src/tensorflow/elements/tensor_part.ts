/** The tensors of one element, ready to be written. */

import { InvalidArgumentError, joinBytes } from "../../base/mod.ts";
import {
  bytesOfArray,
  dtypeOfArray,
  type Element,
  isTensor,
  isTypedArray,
  type Tensor,
  type TypedArray,
} from "../../element/mod.ts";
import type { DataType } from "../../gen/tensorflow/tensor_pb.ts";
import { nameOfDataType } from "./data_types.ts";
import { fieldPlace, type Layout, placeName, type TensorLayout } from "./layout.ts";

/** One tensor. */
export interface TensorPart {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** The values, little-endian; a view of the element where it can be. Strings have none. */
  readonly content: Uint8Array | null;
  /** The values of a tensor of strings, in UTF-8. */
  readonly strings: readonly Uint8Array[];
}

/**
 * The tensors of an element, in the order of its layout.
 *
 * @throws {InvalidArgumentError} if the element is not of that layout, is ragged, or holds a bigint of over 64 bits
 */
export function tensorParts(layout: Layout, element: Element): TensorPart[] {
  const parts: TensorPart[] = [];
  addParts(layout, element, "", parts);
  return parts;
}

function addParts(layout: Layout, element: Element, place: string, parts: TensorPart[]): void {
  switch (layout.kind) {
    case "tensor":
      parts.push(tensorPart(layout, element, place));
      return;
    case "tuple": {
      if (!Array.isArray(element) || element.length !== layout.items.length) {
        throw unlike(place, element, `an array of ${layout.items.length}`);
      }
      layout.items.forEach((item, i) => addParts(item, element[i], `${place}[${i}]`, parts));
      return;
    }
    case "record": {
      const keys = layout.fields.map(([key]) => key);
      if (!isRecord(element) || !hasKeys(element, keys)) {
        throw unlike(place, element, `a record of {${keys.join(", ")}}`);
      }
      for (const [key, field] of layout.fields) addParts(field, element[key], fieldPlace(place, key), parts);
      return;
    }
  }
}

function tensorPart(layout: TensorLayout, element: Element, place: string): TensorPart {
  if (layout.axes > 0) return stackedPart(layout, element, place);
  const { type, item } = layout;
  if (item.kind === "typedArray" || item.kind === "tensor") {
    const { dtype, shape, data } = tensorOf(element) ?? {};
    if (data === undefined || dtype !== item.dtype) throw unlike(place, element, nameOfLayout(layout));
    return { type, shape: shape!, content: bytesOfArray(data), strings: [] };
  }
  return scalarsPart(layout, [element], [], place);
}

/** Nested arrays as one tensor. */
function stackedPart(layout: TensorLayout, element: Element, place: string): TensorPart {
  const { type, axes, item } = layout;
  const sizes: number[] = [];
  const items: Element[] = [];
  gather(element, { axes, axis: 0, sizes, items, place, expected: nameOfLayout(layout) });
  while (sizes.length < axes) sizes.push(0);
  if (item.kind !== "typedArray" && item.kind !== "tensor") return scalarsPart(layout, items, sizes, place);
  const tensors = items.map((each) => {
    const tensor = tensorOf(each);
    if (tensor?.dtype !== item.dtype) throw unlike(place, each, nameOfLayout({ ...layout, axes: 0 }));
    return tensor;
  });
  const rest = tensors[0]?.shape ?? layout.shape?.slice(axes).map((size) => size ?? 0) ?? [];
  const odd = tensors.find(({ shape }) => !sameShape(shape, rest));
  if (odd) throw ragged(place, `shapes [${rest.join(", ")}] and [${odd.shape.join(", ")}]`);
  return {
    type,
    shape: [...sizes, ...rest],
    content: joinBytes(tensors.map(({ data }) => bytesOfArray(data))),
    strings: [],
  };
}

interface Gathering {
  readonly axes: number;
  readonly axis: number;
  readonly sizes: number[];
  readonly items: Element[];
  readonly place: string;
  readonly expected: string;
}

function gather(element: Element, gathering: Gathering): void {
  const { axes, axis, sizes, items, place, expected } = gathering;
  if (axis === axes) return void items.push(element);
  if (!Array.isArray(element)) throw unlike(place, element, expected);
  const size = sizes[axis] ??= element.length;
  if (size !== element.length) throw ragged(place, `lengths ${size} and ${element.length}`);
  for (const item of element) gather(item, { ...gathering, axis: axis + 1 });
}

function scalarsPart(
  { type, item }: TensorLayout,
  values: readonly Element[],
  shape: readonly number[],
  place: string,
): TensorPart {
  for (const value of values) {
    const kind: string = typeof value;
    if (kind !== item.kind) throw unlike(place, value, `a ${item.kind}`);
  }
  switch (item.kind) {
    case "number":
      return { type, shape, content: numbers(values as number[]), strings: [] };
    case "bigint":
      return { type, shape, content: int64s(values as bigint[], place), strings: [] };
    case "boolean":
      return { type, shape, content: Uint8Array.from(values as boolean[], Number), strings: [] };
    default:
      return {
        type,
        shape,
        content: null,
        strings: (values as string[]).map((value) => utf8(value, place)),
      };
  }
}

function numbers(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(values).buffer);
}

function int64s(values: readonly bigint[], place: string): Uint8Array {
  for (const value of values) {
    if (BigInt.asIntN(64, value) !== value) {
      throw new InvalidArgumentError(
        `TensorFlow cannot hold bigint ${value} at ${placeName(place)}: it has int64, of 64 bits`,
      );
    }
  }
  return new Uint8Array(BigInt64Array.from(values).buffer);
}

const encoder = new TextEncoder();

function utf8(value: string, place: string): Uint8Array {
  if (value.isWellFormed()) return encoder.encode(value);
  throw new InvalidArgumentError(
    `TensorFlow cannot hold the string at ${
      placeName(place)
    }: it has a lone surrogate, which UTF-8 cannot say`,
  );
}

function tensorOf(element: Element): Tensor | undefined {
  if (isTypedArray(element)) {
    const array: TypedArray = element;
    return { dtype: dtypeOfArray(array)!, shape: [array.length], data: array };
  }
  return isTensor(element) ? element : undefined;
}

function isRecord(element: Element): element is { readonly [key: string]: Element } {
  return typeof element === "object" && element !== null && !Array.isArray(element) &&
    tensorOf(element) === undefined;
}

function hasKeys(record: object, keys: readonly string[]): boolean {
  return Object.keys(record).length === keys.length && keys.every((key) => Object.hasOwn(record, key));
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function nameOfLayout({ type, axes, item }: TensorLayout): string {
  const name = item.kind === "typedArray" || item.kind === "tensor"
    ? `${nameOfDataType(type)} values`
    : `a ${item.kind}`;
  return axes === 0 ? name : `an array of ${name}`;
}

function kindOf(element: Element): string {
  if (element === null) return "null";
  const tensor = tensorOf(element);
  if (tensor) return `${tensor.dtype} values`;
  if (Array.isArray(element)) return `an array of ${element.length}`;
  return isRecord(element) ? `a record of {${Object.keys(element).join(", ")}}` : `a ${typeof element}`;
}

function unlike(place: string, element: Element, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `TensorFlow cannot hold elements of different structures: ${placeName(place)} is ${
      kindOf(element)
    }, while ` +
      `the first elements of the dataset had ${expected} there`,
  );
}

function ragged(place: string, what: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `TensorFlow cannot hold ${
      placeName(place)
    }, an array of parts with ${what}: ragged data are not supported. ` +
      "Pad it, or flatten it",
  );
}
