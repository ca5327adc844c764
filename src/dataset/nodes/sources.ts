/** Nodes of datasets that come out of values and functions. */

import { checkKeys, InvalidArgumentError, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import {
  checkNode,
  type FromArrayNode,
  type FromGeneratorNode,
  type FromTensorSlicesNode,
  type RandomNode,
  type RangeNode,
} from "../../graph/mod.ts";
import type { CaptureOptions } from "../function_context.ts";
import { functionRef } from "../udf.ts";

/** Options of `Dataset.random`. */
export interface RandomOptions {
  /**
   * A whole number that repeats the sequence; without it every pass, and every worker, has another one.
   *
   * @default undefined
   */
  seed?: number;
}

/** `range(stop)` or `range(start, stop, step)`. */
export function rangeNode(first: number, stop: number | undefined, step: number): RangeNode {
  const [start, end] = stop === undefined ? [0, first] : [first, stop];
  return checkNode({ op: "range", inputs: [], start, stop: end, step });
}

/** The items of an array. */
export function fromArrayNode(items: readonly unknown[]): FromArrayNode {
  if (!Array.isArray(items)) throw new InvalidArgumentError(`\`items\` must be an array, got ${show(items)}`);
  // The array is copied, so that the caller's later pushes do not change a graph that may be registered already.
  return checkNode({ op: "fromArray", inputs: [], items: items.slice() as Element[] });
}

/** The slices of tensors. */
export function fromTensorSlicesNode(tensor: unknown): FromTensorSlicesNode {
  return checkNode({ op: "fromTensorSlices", inputs: [], tensor: tensor as Element });
}

/** What a generator yields. */
export function fromGeneratorNode(fn: unknown, options: CaptureOptions = {}): FromGeneratorNode {
  checkKeys("options", options, ["captures"]);
  return checkNode({ op: "fromGenerator", inputs: [], fn: functionRef(fn, options.captures) });
}

/** Random numbers. */
export function randomNode(options: RandomOptions = {}): RandomNode {
  checkKeys("options", options, ["seed"]);
  return checkNode({ op: "random", inputs: [], seed: options.seed ?? null });
}
