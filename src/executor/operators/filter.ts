import type { Element } from "../../element/mod.ts";
import type { FilterNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { follow } from "./chain.ts";

/** Builds `filter`. */
export function filter(node: FilterNode, place: Place): ElementIterator<Element> {
  return follow(place.input(), "filter", place.bind(node.fn));
}
