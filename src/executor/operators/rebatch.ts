import { type Element, stack } from "../../element/mod.ts";
import type { RebatchNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { Batch } from "./batch.ts";
import { Unbatch } from "./unbatch.ts";

/** Builds `rebatch`. */
export function rebatch(node: RebatchNode, place: Place): ElementIterator<Element> {
  return new Batch(new Unbatch(place.input()), node, stack);
}
