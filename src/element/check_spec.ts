/** Specs that come from outside. */

import { DataLossError } from "../base/mod.ts";
import { isDType } from "./dtypes.ts";
import { MAX_SPEC_DEPTH } from "./infer_spec.ts";
import { isPlainRecord, mapFields } from "./records.ts";
import type { ElementSpec } from "./spec.ts";

const KEYS: { readonly [kind: string]: readonly string[] } = {
  any: ["kind"],
  number: ["kind"],
  string: ["kind"],
  boolean: ["kind"],
  bigint: ["kind"],
  null: ["kind"],
  typedArray: ["kind", "dtype", "length"],
  tensor: ["kind", "dtype", "shape"],
  tuple: ["kind", "items"],
  list: ["kind", "item"],
  record: ["kind", "fields"],
};

/**
 * The spec that a decoded value is.
 *
 * @throws {DataLossError} if it is none, naming the place
 */
export function checkSpec(value: unknown): ElementSpec {
  return check(value, "spec", 0);
}

function check(value: unknown, place: string, depth: number): ElementSpec {
  if (depth > MAX_SPEC_DEPTH) throw refused(place, `it is nested over ${MAX_SPEC_DEPTH} deep`);
  if (typeof value !== "object" || value === null || !isPlainRecord(value)) {
    throw refused(place, "it is not a record");
  }
  const { kind } = value;
  if (typeof kind !== "string" || !Object.hasOwn(KEYS, kind)) throw refused(place, "its kind is not known");
  const keys = Object.keys(value);
  if (keys.length !== KEYS[kind].length || !KEYS[kind].every((key) => Object.hasOwn(value, key))) {
    throw refused(place, `a spec of kind "${kind}" has other keys`);
  }
  switch (kind) {
    case "typedArray": {
      const { dtype, length } = value;
      if (!isDType(dtype) || dtype === "bool") throw refused(`${place}.dtype`, "it names no typed array");
      return { kind, dtype, length: checkSize(length, `${place}.length`) };
    }
    case "tensor": {
      const { dtype, shape } = value;
      if (!isDType(dtype)) throw refused(`${place}.dtype`, "it names no dtype");
      if (shape === null) return { kind, dtype, shape };
      return {
        kind,
        dtype,
        shape: checkArray(shape, `${place}.shape`).map((s) => checkSize(s, `${place}.shape`)),
      };
    }
    case "tuple": {
      const items = checkArray(value.items, `${place}.items`);
      return { kind, items: items.map((item, i) => check(item, `${place}.items[${i}]`, depth + 1)) };
    }
    case "list":
      return { kind, item: check(value.item, `${place}.item`, depth + 1) };
    case "record": {
      const { fields } = value;
      if (typeof fields !== "object" || fields === null || !isPlainRecord(fields)) {
        throw refused(`${place}.fields`, "it is not a record");
      }
      const checked = mapFields(
        fields,
        (field, key) => check(field, `${place}.fields[${JSON.stringify(key)}]`, depth + 1),
      );
      return { kind, fields: checked };
    }
    default:
      return { kind } as ElementSpec;
  }
}

function checkSize(value: unknown, place: string): number | null {
  if (value !== null && (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)) {
    throw refused(place, "a size is a whole number or null");
  }
  return value;
}

function checkArray(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(place, "it is not an array");
  return value;
}

function refused(place: string, why: string): DataLossError {
  return new DataLossError(`Cannot read element spec at ${place}: ${why}`);
}
