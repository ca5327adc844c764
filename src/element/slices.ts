/** Slices along the first axis, for `fromTensorSlices`. */

import { InvalidArgumentError } from "../base/mod.ts";
import { isTypedArray } from "./dtypes.ts";
import { mapFields } from "./records.ts";
import { atPlace, placeOfField } from "./stack.ts";
import { isTensor } from "./tensors.ts";
import type { Element } from "./types.ts";
import { commonLength, type Parts, partsOfTensor } from "./unstack.ts";

/**
 * The slices of a typed array (its numbers or bigints), of a tensor (scalars of a vector, else tensors with one
 * axis less), of an array (its items), or of a record of them (records). Slices are views and made on demand.
 *
 * @throws {InvalidArgumentError} if there is no first axis, or if the fields of a record differ in length
 */
export function slices(tensor: Element): Parts {
  return slicesAt(tensor, "");
}

function slicesAt(tensor: Element, place: string): Parts {
  if (isTypedArray(tensor)) return { length: tensor.length, get: (i) => tensor[i] };
  if (isTensor(tensor)) return partsOfTensor(tensor, place, false);
  if (Array.isArray(tensor)) return { length: tensor.length, get: (i) => tensor[i] };
  if (typeof tensor !== "object" || tensor === null || Object.keys(tensor).length === 0) {
    const kind = tensor === null
      ? "null"
      : typeof tensor === "object"
      ? "an empty record"
      : `a ${typeof tensor}`;
    throw new InvalidArgumentError(
      `Cannot slice ${kind}${atPlace(place)}: it has no first axis`,
    );
  }
  const fields = mapFields(
    tensor as { readonly [key: string]: Element },
    (value, key) => slicesAt(value, placeOfField(place, key)),
  );
  const length = commonLength(Object.values(fields), place);
  return { length, get: (i) => mapFields(fields, (parts) => parts.get(i)) };
}
