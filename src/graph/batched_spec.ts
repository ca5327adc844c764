/** What `batch` and its kin make of an element spec. The rules are those of `stack` and `unstack` of elements. */

import type { DType, ElementSpec } from "../element/mod.ts";
import { ANY, NUMBER } from "./spec_rules.ts";

/** Spec of a batch of `size` elements (null: differs) of one spec. */
export function batchedSpec(spec: ElementSpec, size: number | null): ElementSpec {
  switch (spec.kind) {
    case "number":
      return { kind: "typedArray", dtype: "float64", length: size };
    case "bigint":
      return { kind: "typedArray", dtype: "int64", length: size };
    case "string":
    case "boolean":
      return { kind: "list", item: spec };
    case "typedArray":
      return { kind: "tensor", dtype: spec.dtype, shape: [size, spec.length] };
    case "tensor":
      return { kind: "tensor", dtype: spec.dtype, shape: spec.shape && [size, ...spec.shape] };
    case "tuple":
      return { kind: "tuple", items: spec.items.map((item) => batchedSpec(item, size)) };
    case "record":
      return mapFields(spec.fields, (field) => batchedSpec(field, size));
    default:
      return ANY;
  }
}

/** As {@linkcode batchedSpec}, for elements that are padded first: sizes that differ between elements stay unknown. */
export function paddedBatchedSpec(spec: ElementSpec, size: number | null, padded: boolean): ElementSpec {
  if (spec.kind === "typedArray") {
    return { kind: "tensor", dtype: spec.dtype, shape: [size, padded ? null : spec.length] };
  }
  if (spec.kind === "tensor") {
    const shape = spec.shape && [size, ...spec.shape.map((axis) => padded ? null : axis)];
    return { kind: "tensor", dtype: spec.dtype, shape };
  }
  if (spec.kind === "tuple") {
    return { kind: "tuple", items: spec.items.map((item) => paddedBatchedSpec(item, size, padded)) };
  }
  if (spec.kind === "record") {
    return mapFields(spec.fields, (field) => paddedBatchedSpec(field, size, padded));
  }
  return batchedSpec(spec, size);
}

/** Spec of one part of a batch. */
export function unbatchedSpec(spec: ElementSpec): ElementSpec {
  switch (spec.kind) {
    case "typedArray":
      return scalar(spec.dtype);
    case "list":
      return spec.item;
    case "tensor":
      return spec.shape === null ? ANY : partOfTensor(spec.dtype, spec.shape.slice(1));
    case "record":
      return mapFields(spec.fields, unbatchedSpec);
    default:
      // An array of arrays is a batch of pairs or a pair of batches: only the elements can tell.
      return ANY;
  }
}

function scalar(dtype: DType): ElementSpec {
  if (dtype === "bool") return { kind: "boolean" };
  return dtype === "int64" || dtype === "uint64" ? { kind: "bigint" } : NUMBER;
}

function partOfTensor(dtype: DType, shape: readonly (number | null)[]): ElementSpec {
  if (shape.length === 0) return scalar(dtype);
  if (shape.length === 1 && dtype !== "bool") return { kind: "typedArray", dtype, length: shape[0] };
  return { kind: "tensor", dtype, shape };
}

function mapFields(
  fields: Readonly<Record<string, ElementSpec>>,
  change: (spec: ElementSpec) => ElementSpec,
): ElementSpec {
  return {
    kind: "record",
    fields: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, change(field)])),
  };
}
