/** The most specific spec that holds the elements of two specs. */

import { mapFields, sameKeys } from "./records.ts";
import type { ElementSpec } from "./spec.ts";

const ANY: ElementSpec = { kind: "any" };

/**
 * The most specific spec that holds what either of two specs holds, down to `any`. Lengths and sizes that differ
 * become null; arrays of different lengths become lists; records keep the order of the first one's keys.
 */
export function mergeSpecs(a: ElementSpec, b: ElementSpec): ElementSpec {
  if (a === b) return a;
  switch (a.kind) {
    case "any":
      return a;
    case "number":
    case "string":
    case "boolean":
    case "bigint":
    case "null":
      return a.kind === b.kind ? a : ANY;
    case "typedArray":
      if (b.kind !== "typedArray" || a.dtype !== b.dtype) return ANY;
      return a.length === b.length ? a : { kind: "typedArray", dtype: a.dtype, length: null };
    case "tensor":
      if (b.kind !== "tensor" || a.dtype !== b.dtype) return ANY;
      return { kind: "tensor", dtype: a.dtype, shape: mergeShapes(a.shape, b.shape) };
    case "tuple":
      if (b.kind === "list") return { kind: "list", item: mergeAll([b.item, ...a.items]) };
      if (b.kind !== "tuple") return ANY;
      return a.items.length === b.items.length
        ? { kind: "tuple", items: a.items.map((item, i) => mergeSpecs(item, b.items[i])) }
        : { kind: "list", item: mergeAll([...a.items, ...b.items]) };
    case "list":
      if (b.kind === "tuple") return { kind: "list", item: mergeAll([a.item, ...b.items]) };
      return b.kind === "list" ? { kind: "list", item: mergeSpecs(a.item, b.item) } : ANY;
    case "record":
      if (b.kind !== "record" || !sameKeys(a.fields, b.fields)) return ANY;
      return {
        kind: "record",
        fields: mapFields(a.fields, (field, key) => mergeSpecs(field, b.fields[key])),
      };
  }
}

type Shape = readonly (number | null)[] | null;

function mergeShapes(a: Shape, b: Shape): Shape {
  if (a === null || b === null || a.length !== b.length) return null;
  return a.map((size, axis) => size === b[axis] ? size : null);
}

function mergeAll(specs: readonly ElementSpec[]): ElementSpec {
  return specs.reduce(mergeSpecs);
}
