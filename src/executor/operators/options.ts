import type { Element } from "../../element/mod.ts";
import type { OptionsNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";

/** Builds `options`: nothing but its input, built under them. */
export function options(node: OptionsNode, place: Place): ElementIterator<Element> {
  return place.input(0, { deterministic: node.deterministic ?? place.deterministic });
}
