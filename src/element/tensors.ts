/** Tensors: which records are, and what is wrong with those that only look like one. */

import { show } from "../base/mod.ts";
import { dtypeOfArray, isDType } from "./dtypes.ts";
import type { DType, Element, Tensor, TypedArray } from "./types.ts";

/** The number of values of a shape, or null if it is over 2^53. */
export function sizeOfShape(shape: readonly number[]): number | null {
  let size = 1;
  for (const axis of shape) {
    if (axis === 0) return 0;
    size *= axis;
  }
  return Number.isSafeInteger(size) ? size : null;
}

/** A record that is meant as a tensor. */
export interface TensorLike {
  readonly dtype: DType;
  readonly shape: readonly unknown[];
  readonly data: ArrayBufferView;
}

/** Whether a record is meant as a tensor: exactly the keys of one, with values of their types. */
export function looksLikeTensor(
  record: { readonly [key: string]: unknown },
): record is Readonly<TensorLike & Record<string, unknown>> {
  return isDType(record.dtype) && ArrayBuffer.isView(record.data) && Array.isArray(record.shape) &&
    Object.keys(record).length === 3;
}

/** Whether an element is a tensor. */
export function isTensor(element: Element): element is Tensor {
  return typeof element === "object" && element !== null && !Array.isArray(element) &&
    !ArrayBuffer.isView(element) &&
    looksLikeTensor(element as { readonly [key: string]: unknown });
}

/** What contradicts itself in a record that looks like a tensor; null: it is one. */
export function problemOfTensor({ dtype, shape, data }: TensorLike): string | null {
  const sizes: number[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis];
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || Object.is(size, -0)) {
      return `a tensor whose shape has ${show(size)} for a size`;
    }
    sizes.push(size);
  }
  if (dtypeOfArray(data) !== (dtype === "bool" ? "uint8" : dtype)) {
    return `a tensor of dtype ${dtype} whose data is of class ${data.constructor.name}`;
  }
  const { length } = data as TypedArray;
  if (length !== sizeOfShape(sizes)) {
    return `a tensor of shape [${sizes.join(", ")}] whose data holds ${length} values`;
  }
  return null;
}
