/** Rules that several operators share for their element spec. */

import { type ElementSpec, inferSpec, mergeSpecs } from "../element/mod.ts";
import type { Element } from "../element/mod.ts";

/** Nothing is known. */
export const ANY: ElementSpec = { kind: "any" };
/** A number. */
export const NUMBER: ElementSpec = { kind: "number" };
/** A string. */
export const STRING: ElementSpec = { kind: "string" };

/** The spec of the first input. */
export function sameSpec(_node: unknown, [input]: readonly ElementSpec[]): ElementSpec {
  return input;
}

/** What only the user's code knows. */
export function anySpec(): ElementSpec {
  return ANY;
}

/** The most specific spec that holds all; any for none. */
export function mergeAll(specs: Iterable<ElementSpec>): ElementSpec {
  let merged: ElementSpec | undefined;
  for (const spec of specs) {
    merged = merged === undefined ? spec : mergeSpecs(merged, spec);
    if (merged.kind === "any") return merged;
  }
  return merged ?? ANY;
}

/** The most specific spec that holds all elements; stops reading them where nothing is left to know. */
export function specOfAll(elements: Iterable<Element>): ElementSpec {
  return mergeAll((function* () {
    for (const element of elements) yield inferSpec(element);
  })());
}

/** The spec of a record with each field changed. */
export function mapFields<T>(
  fields: Readonly<Record<string, T>>,
  change: (field: T) => ElementSpec,
): ElementSpec {
  const changed = Object.entries(fields).map(([key, field]) => [key, change(field)]);
  return { kind: "record", fields: Object.fromEntries(changed) };
}
