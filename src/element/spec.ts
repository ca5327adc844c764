/**
 * The element spec: structure, dtypes and shapes that the elements of a dataset share. It is plain data, an
 * {@linkcode Element} itself, and so travels in the self-describing encoding.
 */

import type { DType } from "./types.ts";

/** What is known of every element of a dataset. */
export type ElementSpec =
  /** Nothing is known: elements may differ in structure from one to the next. */
  | { readonly kind: "any" }
  | { readonly kind: "number" | "string" | "boolean" | "bigint" | "null" }
  /** A typed array; `length` is null where it differs from element to element. `uint8` is `Uint8Array`. */
  | { readonly kind: "typedArray"; readonly dtype: Exclude<DType, "bool">; readonly length: number | null }
  /** A tensor; a size is null where it differs, `shape` is null where even the rank does. */
  | { readonly kind: "tensor"; readonly dtype: DType; readonly shape: readonly (number | null)[] | null }
  /** An array of a fixed length, each place with a spec of its own. */
  | { readonly kind: "tuple"; readonly items: readonly ElementSpec[] }
  /** An array whose length differs, all items of one spec. */
  | { readonly kind: "list"; readonly item: ElementSpec }
  /** A plain record with exactly these keys. */
  | { readonly kind: "record"; readonly fields: { readonly [key: string]: ElementSpec } };
