import type { Element } from "../../element/mod.ts";
import type { FromArrayNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { indexed } from "./indexed.ts";

/** Builds `fromArray`. */
export function fromArray({ items }: FromArrayNode, place: Place): ElementIterator<Element> {
  return indexed({ length: items.length, at: (index) => items[index] }, place);
}
