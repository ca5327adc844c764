import type { Element } from "../../element/mod.ts";
import { DONE, type ElementIterator } from "../iterator.ts";

/** An iterator without elements. */
export const nothing: ElementIterator<Element> = { next: () => DONE, close: () => {} };
