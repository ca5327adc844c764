/** Plain records: which objects are, and how to build them whatever their keys. */

import type { Element } from "./types.ts";

/** A record that is being built. */
export type MutableRecord<T = Element> = { [key: string]: T };

/** Whether `value` is a plain object, of whatever realm: no class instance, no `Map`, no module or arguments object. */
export function isPlainRecord(value: object): value is { readonly [key: string]: unknown } {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return !(Symbol.toStringTag in value);
  if (prototype === null) return !(Symbol.toStringTag in value);
  // The Object.prototype of another realm (a worker's `vm` context, a frame) is the only parent without a parent.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf") &&
    !(Symbol.toStringTag in value);
}

/** Sets a property of a record; also `__proto__`, which an assignment would take for the prototype. */
export function setField<T>(record: MutableRecord<T>, key: string, value: T): void {
  if (key === "__proto__") {
    Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    record[key] = value;
  }
}

/** A record with the same keys and what `fn` makes of each value. */
export function mapFields<T, U>(
  record: { readonly [key: string]: T },
  fn: (value: T, key: string) => U,
): { [key: string]: U } {
  const result: MutableRecord<U> = {};
  for (const key of Object.keys(record)) setField(result, key, fn(record[key], key));
  return result;
}

/** Whether two records have the same keys, in whatever order. */
export function sameKeys(a: object, b: object): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key));
}
