/** How much memory an element takes, about. */

import type { Element } from "./types.ts";

// What an object costs besides what it holds; about right for V8, and all that bounds on memory need.
const OBJECT_BYTES = 32;

/** An estimate of an element's size in bytes, cheap enough to be made for each element of a bounded buffer. */
export function byteSize(element: Element): number {
  if (typeof element === "string") return OBJECT_BYTES + element.length;
  if (typeof element !== "object" || element === null) return 8;
  if (ArrayBuffer.isView(element)) return OBJECT_BYTES + element.byteLength;
  let size = OBJECT_BYTES;
  if (Array.isArray(element)) {
    for (const item of element) size += byteSize(item);
    return size;
  }
  const record = element as { readonly [key: string]: Element };
  for (const key of Object.keys(record)) size += byteSize(record[key]);
  return size;
}
