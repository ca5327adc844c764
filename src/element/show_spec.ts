/** Specs for people. */

import type { ElementSpec } from "./spec.ts";

/**
 * A spec as messages show it, much like a TypeScript type: `number`, `string[]`, `[number, Uint8Array(?)]`,
 * `{ image: float32[224, 224, 3], label: number }`. A question mark stands where lengths differ, an ellipsis
 * where ranks do.
 */
export function showSpec(spec: ElementSpec): string {
  switch (spec.kind) {
    case "typedArray":
      return `${className(spec.dtype)}(${spec.length ?? "?"})`;
    case "tensor":
      return `${spec.dtype}[${
        spec.shape === null ? "..." : spec.shape.map((size) => size ?? "?").join(", ")
      }]`;
    case "tuple":
      return `[${spec.items.map(showSpec).join(", ")}]`;
    case "list":
      return `${showSpec(spec.item)}[]`;
    case "record": {
      const fields = Object.keys(spec.fields).map((key) => `${showKey(key)}: ${showSpec(spec.fields[key])}`);
      return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
    }
    default:
      return spec.kind;
  }
}

function className(dtype: string): string {
  const prefix = dtype.endsWith("int64") ? "Big" : "";
  const name = dtype[0].toUpperCase() + dtype.slice(1);
  return `${prefix}${name}Array`;
}

function showKey(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : JSON.stringify(key);
}
