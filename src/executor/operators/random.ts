import { mixSeeds } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { RandomNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { indexed } from "./indexed.ts";

/** Builds `random`. An element is a function of seed and index, so that splits need no common state. */
export function random(node: RandomNode, place: Place): ElementIterator<Element> {
  const seed = node.seed ?? place.seed;
  return indexed({ length: Infinity, at: (index) => mixSeeds(seed, index) }, place);
}
