/** Copies of elements. */

import { isTypedArray } from "./dtypes.ts";
import { mapFields } from "./records.ts";
import type { Element } from "./types.ts";

/** A deep copy: whoever holds the original can change it without changing the copy. */
export function copyElement(element: Element): Element {
  if (typeof element !== "object" || element === null) return element;
  if (isTypedArray(element)) return element.slice();
  if (Array.isArray(element)) return element.map(copyElement);
  return mapFields(element as { readonly [key: string]: Element }, copyElement);
}
