/** What `batch` and its kin make of an element spec. The rules are those of `stack`, `padAndStack` and `unstack`. */

import type { DType, ElementSpec } from "../element/mod.ts";
import { ANY, mapFields, mergeAll, NUMBER } from "./spec_rules.ts";

/** Spec of a batch of `size` elements (null: differs) of one spec. */
export function batchedSpec(spec: ElementSpec, size: number | null): ElementSpec {
  switch (spec.kind) {
    case "number":
      return { kind: "typedArray", dtype: "float64", length: size };
    case "bigint":
      return { kind: "typedArray", dtype: "int64", length: size };
    case "string":
    case "boolean":
    case "null":
      return { kind: "list", item: spec };
    case "typedArray":
      return { kind: "tensor", dtype: spec.dtype, shape: [size, spec.length] };
    case "tensor":
      return { kind: "tensor", dtype: spec.dtype, shape: spec.shape && [size, ...spec.shape] };
    case "tuple":
      return { kind: "tuple", items: spec.items.map((item) => batchedSpec(item, size)) };
    case "list":
      return { kind: "list", item: batchedSpec(spec.item, size) };
    case "record":
      return mapFields(spec.fields, (field) => batchedSpec(field, size));
    case "any":
      return ANY;
  }
}

/**
 * As {@linkcode batchedSpec}, for elements that are padded first. With `toShapes`, sizes are those that the user
 * asked for, and not known here.
 */
export function paddedBatchedSpec(
  spec: ElementSpec,
  size: number | null,
  toShapes: boolean,
): ElementSpec {
  const padded = (part: ElementSpec) => paddedBatchedSpec(part, size, toShapes);
  switch (spec.kind) {
    case "typedArray":
      return { kind: "tensor", dtype: spec.dtype, shape: [size, toShapes ? null : spec.length] };
    case "tensor": {
      const shape = spec.shape && [size, ...spec.shape.map((axis) => toShapes ? null : axis)];
      return { kind: "tensor", dtype: spec.dtype, shape };
    }
    case "tuple":
      return isPaddedByPlace(spec) ? { kind: "tuple", items: spec.items.map(padded) } : ANY;
    case "list":
      return ANY;
    case "record":
      return mapFields(spec.fields, padded);
    default:
      return batchedSpec(spec, size);
  }
}

/** Arrays of one kind of scalar are padded as vectors and matrices; a tensor or a record among the items rules that out. */
function isPaddedByPlace({ items }: { readonly items: readonly ElementSpec[] }): boolean {
  return items.some(({ kind }) => kind === "typedArray" || kind === "tensor" || kind === "record");
}

/** Spec of one part of a batch. */
export function unbatchedSpec(spec: ElementSpec): ElementSpec {
  switch (spec.kind) {
    case "typedArray":
      return scalarSpec(spec.dtype);
    case "tensor": {
      const rest = spec.shape?.slice(1);
      if (!rest) return ANY;
      if (rest.length !== 1 || spec.dtype === "bool") return sliceSpec(spec.dtype, rest);
      return { kind: "typedArray", dtype: spec.dtype, length: rest[0] };
    }
    case "record":
      return mapFields(spec.fields, unbatchedSpec);
    case "tuple":
      if (spec.items.every(isScalar)) return mergeAll(spec.items);
      return spec.items.every(isCompound) ? { kind: "tuple", items: spec.items.map(unbatchedSpec) } : ANY;
    case "list":
      if (isScalar(spec.item)) return spec.item;
      return isCompound(spec.item) ? { kind: "list", item: unbatchedSpec(spec.item) } : ANY;
    default:
      return ANY;
  }
}

/** Spec of what remains of a tensor when its first axes are taken away. */
export function sliceSpec(dtype: DType, shape: readonly (number | null)[]): ElementSpec {
  return shape.length === 0 ? scalarSpec(dtype) : { kind: "tensor", dtype, shape };
}

/** Spec of one value of a typed array or tensor. */
export function scalarSpec(dtype: DType): ElementSpec {
  if (dtype === "bool") return { kind: "boolean" };
  return dtype === "int64" || dtype === "uint64" ? { kind: "bigint" } : NUMBER;
}

const SCALARS: readonly ElementSpec["kind"][] = ["number", "string", "boolean", "bigint", "null"];

function isScalar({ kind }: ElementSpec): boolean {
  return SCALARS.includes(kind);
}

function isCompound({ kind }: ElementSpec): boolean {
  return kind !== "any" && !SCALARS.includes(kind);
}
