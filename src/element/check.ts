/** What may be an element, and where it cannot be, a message that says what stands where. */

import { InvalidArgumentError } from "../base/mod.ts";
import { isTypedArray } from "./dtypes.ts";
import { isPlainRecord } from "./records.ts";
import { looksLikeTensor, problemOfTensor } from "./tensors.ts";
import type { Element } from "./types.ts";

/** How deep arrays and records may be nested: enough for any data, little enough for any stack. */
export const MAX_DEPTH = 256;

/** Whether `value` is an element. Symbol keys and properties that are not enumerable do not count, as in JSON. */
export function isElement(value: unknown, depth = 0): value is Element {
  switch (typeof value) {
    case "number":
    case "boolean":
    case "bigint":
      return true;
    case "string":
      return value.isWellFormed();
    case "object":
      return value === null || isCompound(value, depth);
    default:
      return false;
  }
}

function isCompound(value: object, depth: number): boolean {
  if (ArrayBuffer.isView(value)) return isTypedArray(value);
  if (depth >= MAX_DEPTH) return false; // Cycles end here too.
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!isElement(value[i], depth + 1)) return false;
    }
    return true;
  }
  if (!isPlainRecord(value)) return false;
  if (looksLikeTensor(value)) return problemOfTensor(value) === null;
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed() || !isElement(value[key], depth + 1)) return false;
  }
  return true;
}

/**
 * Refuses what is not an element.
 *
 * @param value what to check
 * @param what what it was meant to be, for the message
 * @throws {InvalidArgumentError} naming the kind of what is refused and its place in `value`:
 * `Cannot use undefined as an element: at [2].name`
 */
export function checkElement(value: unknown, what = "an element"): asserts value is Element {
  if (isElement(value)) return;
  const { kind, place } = findProblem(value, "", new Set()) ?? { kind: "this value", place: "" };
  throw new InvalidArgumentError(`Cannot use ${kind} as ${what}${place ? `: at ${place}` : ""}`);
}

interface Problem {
  readonly kind: string;
  readonly place: string;
}

/** The first part of `value` that is not an element. `within` holds the containers around it. */
function findProblem(value: unknown, place: string, within: Set<object>): Problem | null {
  if (typeof value === "string") {
    return value.isWellFormed() ? null : { kind: "a string with a lone surrogate", place };
  }
  if (typeof value !== "object" || value === null) {
    return isElement(value) ? null : { kind: kindOf(value), place };
  }
  if (isTypedArray(value)) return null;
  const isArray = Array.isArray(value);
  if (!isArray && (ArrayBuffer.isView(value) || !isPlainRecord(value))) return { kind: kindOf(value), place };
  if (within.has(value)) return { kind: "a cycle", place };
  if (within.size >= MAX_DEPTH) return { kind: `a value nested over ${MAX_DEPTH} deep`, place };
  if (!isArray && looksLikeTensor(value)) {
    const kind = problemOfTensor(value);
    return kind === null ? null : { kind, place };
  }
  within.add(value);
  const problem = isArray ? findInArray(value, place, within) : findInRecord(value, place, within);
  within.delete(value);
  return problem;
}

function findInArray(array: readonly unknown[], place: string, within: Set<object>): Problem | null {
  for (let i = 0; i < array.length; i++) {
    const here = `${place}[${i}]`;
    const problem = i in array
      ? findProblem(array[i], here, within)
      : { kind: "a hole of a sparse array", place: here };
    if (problem) return problem;
  }
  return null;
}

function findInRecord(
  record: { readonly [key: string]: unknown },
  place: string,
  within: Set<object>,
): Problem | null {
  for (const key of Object.keys(record)) {
    if (!key.isWellFormed()) {
      return { kind: "a key with a lone surrogate", place: `${place}[${JSON.stringify(key)}]` };
    }
    const problem = findProblem(record[key], placeOfKey(place, key), within);
    if (problem) return problem;
  }
  return null;
}

function placeOfKey(place: string, key: string): string {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return `${place}[${JSON.stringify(key)}]`;
  return place === "" ? key : `${place}.${key}`;
}

function kindOf(value: unknown): string {
  if (typeof value === "undefined") return "undefined";
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const name = Object.prototype.toString.call(value).slice(8, -1);
  const constructor: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  const shown = typeof constructor === "string" && constructor !== "" && constructor !== "Object"
    ? constructor
    : name;
  return shown === "Object" ? "an object with a prototype of its own" : withArticle(shown);
}

function withArticle(noun: string): string {
  return `${/^(?!Ui)[AEIOU]/.test(noun) ? "an" : "a"} ${noun}`;
}
