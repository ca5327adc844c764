import type { Element } from "../../element/mod.ts";
import type { MapNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { hold } from "../tracking.ts";
import { follow } from "./chain.ts";
import { ParallelMap } from "./parallel_map.ts";
import { canSpread, SpreadMap } from "./spread_map.ts";

/** Builds `map`. */
export function map(node: MapNode, place: Place): ElementIterator<Element> {
  if (node.parallel <= 1) return follow(place.input(), "map", place.bind(node.fn));
  const { spreader } = place.context;
  const holding = hold(place.tracking);
  const input = place.input(0, { tracking: holding && holding.below });
  if (spreader && canSpread(node.fn)) return new SpreadMap({ input, node, place, spreader, holding });
  return new ParallelMap(input, place.bind(node.fn), {
    parallel: node.parallel,
    holding,
    deterministic: place.keepsOrder(node.deterministic),
  });
}
