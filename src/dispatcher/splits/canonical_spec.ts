import { checkSpec, decodeValue, type Element, encodeValue } from "../../element/mod.ts";

/** Largest encoded spec, in bytes: records of thousands of fields fit. */
const MAX_SPEC_BYTES = 1 << 20;

/**
 * The one encoding of an element spec: record keys sorted, so that datasets of the same structure compare equal
 * byte by byte. Empty bytes ("not known") stay empty.
 *
 * @throws {DataLossError} for bytes that are no spec
 */
export function canonicalSpec(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  return encodeValue(sorted(checkSpec(decodeValue(bytes, { maxBytes: MAX_SPEC_BYTES })) as Element));
}

/** Specs hold nothing but scalars, arrays and records. Their depth is bounded by `checkSpec`. */
function sorted(value: Element): Element {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted((value as { [key: string]: Element })[key])]));
}
