/** The spec of one element. */

import { checkElement } from "./check.ts";
import { dtypeOfArray, isTypedArray } from "./dtypes.ts";
import { mergeSpecs } from "./merge_specs.ts";
import { mapFields } from "./records.ts";
import type { ElementSpec } from "./spec.ts";
import { isTensor } from "./tensors.ts";
import type { Element } from "./types.ts";

/** How deep a spec describes; below that it says `any`, so that a spec is an element that itself can travel. */
export const MAX_SPEC_DEPTH = 64;

// Pairs and the like, as zip and enumerate make them, have a few places; longer arrays are rarely tuples, and a
// column for each place of a long one would be dear.
const LONGEST_UNIFORM_TUPLE = 4;
const LONGEST_TUPLE = 64;

/**
 * The spec of one element, with all its lengths and sizes. An array of up to 4 items is a tuple. A longer one is
 * a list if its items have a spec in common, else a tuple (up to 64 items) or a list of `any`.
 *
 * @throws {InvalidArgumentError} if it is not an element
 */
export function inferSpec(element: Element): ElementSpec {
  checkElement(element);
  return infer(element, 0);
}

function infer(element: Element, depth: number): ElementSpec {
  switch (typeof element) {
    case "number":
      return { kind: "number" };
    case "string":
      return { kind: "string" };
    case "boolean":
      return { kind: "boolean" };
    case "bigint":
      return { kind: "bigint" };
  }
  if (element === null) return { kind: "null" };
  if (isTypedArray(element)) {
    return { kind: "typedArray", dtype: dtypeOfArray(element)!, length: element.length };
  }
  if (isTensor(element)) return { kind: "tensor", dtype: element.dtype, shape: [...element.shape] };
  if (depth >= MAX_SPEC_DEPTH) return { kind: "any" };
  if (Array.isArray(element)) return inferArray(element, depth);
  const record = element as { readonly [key: string]: Element };
  return { kind: "record", fields: mapFields(record, (value) => infer(value, depth + 1)) };
}

function inferArray(array: readonly Element[], depth: number): ElementSpec {
  if (array.length > LONGEST_UNIFORM_TUPLE) {
    let item = infer(array[0], depth + 1);
    for (let i = 1; i < array.length && item.kind !== "any"; i++) {
      item = mergeSpecs(item, infer(array[i], depth + 1));
    }
    if (item.kind !== "any" || array.length > LONGEST_TUPLE) return { kind: "list", item };
  }
  return { kind: "tuple", items: array.map((value) => infer(value, depth + 1)) };
}
