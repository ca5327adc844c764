/** Comparisons with a spec. */

import { dtypeOfArray, isTypedArray } from "./dtypes.ts";
import { sameKeys } from "./records.ts";
import type { ElementSpec } from "./spec.ts";
import { isTensor } from "./tensors.ts";
import type { Element } from "./types.ts";

/** Whether two specs say the same; the order of a record's keys does not count. */
export function specEquals(a: ElementSpec, b: ElementSpec): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "typedArray":
      return b.kind === "typedArray" && a.dtype === b.dtype && a.length === b.length;
    case "tensor":
      return b.kind === "tensor" && a.dtype === b.dtype && shapeEquals(a.shape, b.shape);
    case "tuple":
      return b.kind === "tuple" && a.items.length === b.items.length &&
        a.items.every((item, i) => specEquals(item, b.items[i]));
    case "list":
      return b.kind === "list" && specEquals(a.item, b.item);
    case "record":
      return b.kind === "record" && sameKeys(a.fields, b.fields) &&
        Object.keys(a.fields).every((key) => specEquals(a.fields[key], b.fields[key]));
    default:
      return a.kind === b.kind;
  }
}

function shapeEquals(a: readonly (number | null)[] | null, b: readonly (number | null)[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Whether an element is one of those that a spec describes. */
export function matchesSpec(element: Element, spec: ElementSpec): boolean {
  switch (spec.kind) {
    case "any":
      return true;
    case "null":
      return element === null;
    case "typedArray":
      return isTypedArray(element) && dtypeOfArray(element) === spec.dtype &&
        (spec.length === null || element.length === spec.length);
    case "tensor":
      return isTensor(element) && element.dtype === spec.dtype &&
        (spec.shape === null || (element.shape.length === spec.shape.length &&
          spec.shape.every((size, axis) => size === null || size === element.shape[axis])));
    case "tuple":
      return Array.isArray(element) && element.length === spec.items.length &&
        spec.items.every((item, i) => matchesSpec(element[i], item));
    case "list":
      return Array.isArray(element) && element.every((item) => matchesSpec(item, spec.item));
    case "record":
      return isRecord(element) && sameKeys(spec.fields, element) &&
        Object.keys(spec.fields).every((key) => matchesSpec(element[key], spec.fields[key]));
    case "number":
      return typeof element === "number";
    case "string":
      return typeof element === "string";
    case "boolean":
      return typeof element === "boolean";
    case "bigint":
      return typeof element === "bigint";
  }
}

function isRecord(element: Element): element is { readonly [key: string]: Element } {
  return typeof element === "object" && element !== null && !Array.isArray(element) &&
    !isTypedArray(element) &&
    !isTensor(element);
}
