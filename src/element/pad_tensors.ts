/** Tensors of different sizes as one. */

import { InvalidArgumentError, show } from "../base/mod.ts";
import { classOfDType } from "./dtypes.ts";
import { atPlace, differing, setValues } from "./stack.ts";
import { sizeOfShape } from "./tensors.ts";
import type { DType, Element, Tensor, TypedArray } from "./types.ts";

/** A padded shape: null stands for the largest size of the batch. */
export type PaddedShape = readonly (number | null)[];

/** A shape as messages show it. */
export function showShape(shape: PaddedShape): string {
  return `[${shape.map((size) => size ?? "null").join(", ")}]`;
}

/** The padded shape of elements with these shapes. */
export function commonShape(
  shapes: readonly (readonly number[])[],
  asked: PaddedShape | null,
  place: string,
): number[] {
  const rank = asked?.length ?? shapes[0].length;
  const odd = shapes.findIndex((shape) => shape.length !== rank);
  if (odd !== -1) {
    throw new InvalidArgumentError(
      `Cannot pad element ${odd} of shape ${showShape(shapes[odd])}${atPlace(place)}: ${
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
          atPlace(place)
        } to a smaller size: ` +
          `\`paddedShapes\` is ${showShape(asked!)}`,
      );
    }
    return size;
  });
}

/**
 * Tensors of one dtype and rank as one with an axis more in front, each padded at its ends.
 *
 * @param asked the padded shape; null: the largest sizes
 * @param value what to pad with; null: zeros
 */
export function padTensors(
  tensors: readonly Tensor[],
  asked: PaddedShape | null,
  value: Element,
  place: string,
): Tensor {
  const { dtype } = tensors[0];
  const odd = tensors.findIndex((tensor) => tensor.dtype !== dtype);
  if (odd !== -1) throw differing("dtypes", `has ${dtype}`, odd, `has ${tensors[odd].dtype}`, place);
  const shape = commonShape(tensors.map((tensor) => tensor.shape), asked, place);
  const size = sizeOfShape(shape);
  if (size === null) {
    throw new InvalidArgumentError(
      `Cannot pad elements${atPlace(place)}: shape ${showShape(shape)} is too large`,
    );
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
    `\`paddingValues\`${atPlace(place)} must be a value of ${dtype}, got ${show(value)}`,
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
