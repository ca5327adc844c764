import { type Element, slices } from "../../element/mod.ts";
import type { FromTensorSlicesNode } from "../../graph/mod.ts";
import type { ElementIterator } from "../iterator.ts";
import type { Place } from "../place.ts";
import { indexed } from "./indexed.ts";

/** Builds `fromTensorSlices`. */
export function fromTensorSlices({ tensor }: FromTensorSlicesNode, place: Place): ElementIterator<Element> {
  const parts = slices(tensor);
  return indexed({ length: parts.length, at: (index) => parts.get(index) }, place);
}
