/** What a first element adds to what was known before. */

import { mergeSpecs } from "./merge_specs.ts";
import { mapFields, sameKeys } from "./records.ts";
import type { ElementSpec } from "./spec.ts";

/** A spec for all elements that `known` describes and the one with spec `found`: `found` where `known` says `any`. */
export function refineSpec(known: ElementSpec, found: ElementSpec): ElementSpec {
  if (known.kind === "any") return found;
  if (known.kind === "tuple" && found.kind === "tuple" && known.items.length === found.items.length) {
    return { kind: "tuple", items: known.items.map((item, i) => refineSpec(item, found.items[i])) };
  }
  if (known.kind === "list" && found.kind === "list") {
    return { kind: "list", item: refineSpec(known.item, found.item) };
  }
  if (known.kind === "list" && found.kind === "tuple" && found.items.length > 0) {
    return { kind: "list", item: refineSpec(known.item, found.items.reduce(mergeSpecs)) };
  }
  if (known.kind === "record" && found.kind === "record" && sameKeys(known.fields, found.fields)) {
    return {
      kind: "record",
      fields: mapFields(known.fields, (field, key) => refineSpec(field, found.fields[key])),
    };
  }
  return mergeSpecs(known, found);
}
