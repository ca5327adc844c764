import { type Element, encodeValue } from "../element/mod.ts";

/** What a `Map` holds for a group's key: equal for keys of equal value. */
export function groupKey(key: Element): unknown {
  // A letter in front keeps the bytes of an array apart from a key that is a string of those bytes.
  if (typeof key === "string") return `s${key}`;
  if (typeof key !== "object" || key === null) return key;
  let text = "e";
  for (const byte of encodeValue(key)) text += String.fromCharCode(byte);
  return text;
}

/** Groups in ascending order of their keys if those are all numbers, as tf.data's; else as they first came. */
export function inKeyOrder<G extends { readonly key: Element }>(groups: G[]): G[] {
  if (!groups.every(({ key }) => typeof key === "number" || typeof key === "bigint")) return groups;
  const numeric = groups as (G & { readonly key: number | bigint })[];
  return numeric.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}
