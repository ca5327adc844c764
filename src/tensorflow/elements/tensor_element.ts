/** One tensor as a part of an element. */

import { DataLossError, InvalidArgumentError, SluiceError } from "../../base/mod.ts";
import {
  classOfDType,
  type DType,
  type Element,
  type ElementSpec,
  showSpec,
  sizeOfDType,
  type TypedArray,
} from "../../element/mod.ts";
import { DataType, type VariantTensorDataProto } from "../../gen/tensorflow/tensor_pb.ts";
import { dtypeOf, nameOfDataType } from "./data_types.ts";
import { placeName } from "./layout.ts";
import { type TensorData, tensorData } from "./tensor_data.ts";

const ANY: ElementSpec = { kind: "any" };

/**
 * A tensor as an element. `as` says which kind; where it is `any`:
 *
 * | tensor | element |
 * |---|---|
 * | scalar of 64-bit integers | bigint |
 * | other scalar number | number |
 * | scalar bool; string | boolean; string |
 * | vector of numbers | typed array |
 * | vector of bools; of strings | array of them |
 * | any other of numbers or bools | `Tensor` |
 * | any other of strings | nested arrays |
 * | ragged | nested arrays of typed arrays |
 *
 * bfloat16 becomes float32, which holds all its values.
 *
 * @throws {InvalidArgumentError} if the tensor cannot be what `as` says, naming the place
 * @throws {DataLossError} for a string that is no UTF-8, unless `as` asks for its bytes
 */
export function tensorElement(data: TensorData, as: ElementSpec, place: string): Element {
  switch (data.kind) {
    case "strings":
      return stringsElement(data, as, place);
    case "variant":
      return raggedElement(data.value, as, place);
    case "numbers":
      return numbersElement(data, as, place);
  }
}

function stringsElement(
  { shape, values }: Extract<TensorData, { kind: "strings" }>,
  as: ElementSpec,
  place: string,
): Element {
  const item = itemOf(as, shape, place, "string");
  if (item.kind === "typedArray" && item.dtype === "uint8") {
    return nested(shape, (i) => Uint8Array.from(values[i]));
  }
  if (item.kind !== "string" && item.kind !== "any") throw cannotBe(as, place, `strings of shape`, shape);
  return nested(shape, (i) => text(values[i], place));
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array, place: string): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new DataLossError(
      `A string at ${placeName(place)} is no UTF-8. For its bytes, ask for ` +
        '{ kind: "typedArray", dtype: "uint8", length: null } there in `elementSpec`',
      { cause: error },
    );
  }
}

function numbersElement(
  data: Extract<TensorData, { kind: "numbers" }>,
  as: ElementSpec,
  place: string,
): Element {
  const { shape } = data;
  const { dtype, array } = valuesOf(data);
  const what = `${nameOfDataType(data.type)} values of shape`;
  switch (as.kind) {
    case "tensor":
      if (as.dtype !== dtype) throw cannotBe(as, place, what, shape);
      return { dtype, shape, data: array };
    case "typedArray":
      if (as.dtype !== dtype || shape.length !== 1) throw cannotBe(as, place, what, shape);
      return array;
    case "any":
      if (shape.length === 0) return scalar(array[0], dtype);
      if (shape.length > 1) return { dtype, shape, data: array };
      return dtype === "bool" ? Array.from(array as Uint8Array, Boolean) : array;
    default: {
      const item = itemOf(as, shape, place, what);
      if (item.kind === "typedArray" && shape.length > 0 && item.dtype === dtype) {
        const width = shape[shape.length - 1];
        return nested(shape.slice(0, -1), (i) => array.slice(i * width, (i + 1) * width));
      }
      return nested(shape, (i) => scalarAs(array[i], dtype, item, place));
    }
  }
}

function scalar(value: number | bigint, dtype: DType): Element {
  return dtype === "bool" ? value !== 0 : value;
}

function scalarAs(value: number | bigint, dtype: DType, as: ElementSpec, place: string): Element {
  switch (as.kind) {
    case "any":
      return scalar(value, dtype);
    case "boolean":
      if (dtype === "bool") return value !== 0;
      break;
    case "number": {
      if (dtype === "bool") break;
      const number = Number(value);
      if (typeof value === "number" || Number.isSafeInteger(number)) return number;
      throw new InvalidArgumentError(
        `${placeName(place)} is ${value}, which no number holds exactly: ask for a bigint in \`elementSpec\``,
      );
    }
    case "bigint":
      if (typeof value === "bigint") return value;
      if (dtype !== "bool" && Number.isInteger(value)) return BigInt(value);
  }
  throw cannotBe(as, place, `${dtype} values of shape`, []);
}

/** What the innermost items are to be; each list around them must be an axis. */
function itemOf(as: ElementSpec, shape: readonly number[], place: string, what: string): ElementSpec {
  let item = as;
  let axes = 0;
  for (; item.kind === "list"; axes++) item = item.item;
  if (item.kind === "any") return ANY;
  const rank = axes + (item.kind === "typedArray" && what !== "string" ? 1 : 0);
  if (rank !== shape.length) throw cannotBe(as, place, what === "string" ? "strings of shape" : what, shape);
  return item;
}

/** Most arrays that hold nothing: no bytes stand behind them. */
const MAX_EMPTY = 2 ** 20;

/** Nested arrays of a shape, row by row. */
function nested(shape: readonly number[], item: (index: number) => Element): Element {
  if (shape.includes(0) && shape.reduce((product, size) => product * (size || 1), 1) > MAX_EMPTY) {
    throw new DataLossError(
      `A tensor of shape [${shape.join(", ")}] has no values, and too many empty arrays`,
    );
  }
  let next = 0;
  const level = (axis: number): Element =>
    axis === shape.length ? item(next++) : Array.from({ length: shape[axis] }, () => level(axis + 1));
  return level(0);
}

function valuesOf(
  { type, bytes }: Extract<TensorData, { kind: "numbers" }>,
): { dtype: DType; array: TypedArray } {
  if (type === DataType.DT_BFLOAT16) return { dtype: "float32", array: widened(bytes) };
  const dtype = dtypeOf(type)!;
  const size = sizeOfDType(dtype);
  const Class = classOfDType(dtype);
  // A view of the message where it is aligned, else a copy.
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer
    ? bytes
    : Uint8Array.from(bytes);
  return { dtype, array: new Class(buffer, byteOffset, bytes.length / size) };
}

/** bfloat16 is the upper half of a float32. */
function widened(bytes: Uint8Array): Float32Array {
  const bits = new Uint32Array(bytes.length / 2);
  for (let i = 0; i < bits.length; i++) bits[i] = (bytes[2 * i] << 16) | (bytes[2 * i + 1] << 24);
  return new Float32Array(bits.buffer);
}

/** What a ragged tensor is stored as: the row splits of each ragged axis, then the values of all rows. */
function raggedElement(
  { typeName, tensors }: VariantTensorDataProto,
  as: ElementSpec,
  place: string,
): Element {
  if (typeName !== "RaggedTensorVariant" || tensors.length === 0) {
    throw new SluiceError(
      `Cannot read ${placeName(place)} of the tf.data service: it is a variant of type "${typeName}"`,
      { code: "unimplemented" },
    );
  }
  const [values, ...splits] = tensors.map(tensorData).reverse();
  return splits.reduce<Element>(
    (rows, split) => rowsOf(rows, split, place),
    tensorElement(values, splits.length === 0 ? as : ANY, place),
  );
}

function rowsOf(values: Element, split: TensorData, place: string): Element {
  if (split.kind !== "numbers" || split.shape.length !== 1) {
    throw new DataLossError(`The row splits at ${placeName(place)} are no vector of integers`);
  }
  const bounds = Array.from(valuesOf(split).array, Number);
  const isSliceable = ArrayBuffer.isView(values) || Array.isArray(values);
  if (!isSliceable) {
    throw new SluiceError(
      `Cannot read ${placeName(place)} of the tf.data service: a ragged tensor whose rows have further axes`,
      { code: "unimplemented" },
    );
  }
  const { length } = values as { length: number };
  return bounds.slice(1).map((end, row) => {
    const begin = bounds[row];
    if (!(begin >= 0 && begin <= end && end <= length)) {
      throw new DataLossError(
        `The row splits at ${placeName(place)} go from ${begin} to ${end} of ${length} values`,
      );
    }
    return (values as Float64Array).slice(begin, end);
  });
}

function cannotBe(
  as: ElementSpec,
  place: string,
  what: string,
  shape: readonly number[],
): InvalidArgumentError {
  return new InvalidArgumentError(
    `${placeName(place)} cannot be ${showSpec(as)} as \`elementSpec\` asks: it holds ${what} [${
      shape.join(", ")
    }]`,
  );
}
