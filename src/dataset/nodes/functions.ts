/** Nodes that call a user's function for each element. */

import { checkKeys } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import {
  checkNode,
  type FilterNode,
  type FlatMapNode,
  type GraphNode,
  type InterleaveNode,
  type MapNode,
  type ScanNode,
  type TakeWhileNode,
} from "../../graph/mod.ts";
import type { CaptureOptions } from "../function_context.ts";
import { functionRef } from "../udf.ts";

/** Options of `map`. */
export interface MapOptions<C = unknown> extends CaptureOptions<C> {
  /**
   * How many calls of the function may be under way at a time. More than 1 helps functions that wait for
   * something; the elements are then read that far ahead.
   *
   * @default 1
   */
  parallel?: number;
  /**
   * Whether results come in the order of their elements; otherwise in the order in which they are ready.
   *
   * @default true, or what `withOptions` says
   */
  deterministic?: boolean;
}

/** Options of `interleave`. */
export interface InterleaveOptions<C = unknown> extends MapOptions<C> {
  /**
   * How many of the datasets that the function gives are open at a time.
   *
   * @default 8
   */
  cycleLength?: number;
  /**
   * How many elements in turn come from one of them.
   *
   * @default 1
   */
  blockLength?: number;
  /**
   * How many of the open datasets are read ahead at a time; 1: none.
   *
   * @default 1
   */
  parallel?: number;
}

/** A function of each element. */
export function mapNode(input: GraphNode, fn: unknown, options: MapOptions = {}): MapNode {
  checkKeys("options", options, ["captures", "parallel", "deterministic"]);
  const { captures, parallel = 1, deterministic = null } = options;
  return checkNode({ op: "map", inputs: [input], fn: functionRef(fn, captures), parallel, deterministic });
}

/** The elements for which a function gives a true value. */
export function filterNode(input: GraphNode, fn: unknown, options: CaptureOptions = {}): FilterNode {
  checkKeys("options", options, ["captures"]);
  return checkNode({ op: "filter", inputs: [input], fn: functionRef(fn, options.captures) });
}

/** The elements up to the first for which a function gives a false value. */
export function takeWhileNode(input: GraphNode, fn: unknown, options: CaptureOptions = {}): TakeWhileNode {
  checkKeys("options", options, ["captures"]);
  return checkNode({ op: "takeWhile", inputs: [input], fn: functionRef(fn, options.captures) });
}

/** The elements of what a function makes of each element. */
export function flatMapNode(input: GraphNode, fn: unknown, options: CaptureOptions = {}): FlatMapNode {
  checkKeys("options", options, ["captures"]);
  return checkNode({ op: "flatMap", inputs: [input], fn: functionRef(fn, options.captures) });
}

/** As flatMap, several at a time. */
export function interleaveNode(
  input: GraphNode,
  fn: unknown,
  options: InterleaveOptions = {},
): InterleaveNode {
  checkKeys("options", options, ["captures", "cycleLength", "blockLength", "parallel", "deterministic"]);
  const { captures, cycleLength = 8, blockLength = 1, parallel = 1, deterministic = null } = options;
  return checkNode({
    op: "interleave",
    inputs: [input],
    fn: functionRef(fn, captures),
    cycleLength,
    blockLength,
    parallel,
    deterministic,
  });
}

/** A function of a running state and each element. */
export function scanNode(
  input: GraphNode,
  init: unknown,
  fn: unknown,
  options: CaptureOptions = {},
): ScanNode {
  checkKeys("options", options, ["captures"]);
  return checkNode({
    op: "scan",
    inputs: [input],
    init: init as Element,
    fn: functionRef(fn, options.captures),
  });
}
