/** Nodes that put elements together and take them apart. */

import { checkKeys } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import {
  type BatchNode,
  checkNode,
  type GraphNode,
  type PaddedBatchNode,
  type RebatchNode,
  type UnbatchNode,
  type WindowNode,
} from "../../graph/mod.ts";

/** Options of `batch` and `rebatch`. */
export interface BatchOptions {
  /**
   * Whether a last batch that is not full is left out.
   *
   * @default false
   */
  dropRemainder?: boolean;
}

/** How elements of differing shapes are padded to one. */
export interface PaddingOptions {
  /**
   * Sizes to pad to: the structure of an element with a shape, such as `[null, 3]`, in place of each array or
   * tensor; null is the largest size of the batch.
   *
   * @default every size is the largest of the batch
   */
  paddedShapes?: unknown;
  /**
   * What to pad with: one value, or the structure of an element with a value in place of each array or tensor.
   *
   * @default 0, "" or false
   */
  paddingValues?: unknown;
}

/** Options of `paddedBatch`. */
export interface PaddedBatchOptions extends BatchOptions, PaddingOptions {}

/** Options of `window`. */
export interface WindowOptions {
  /**
   * How many elements a window begins after the one before it.
   *
   * @default the size of the window
   */
  shift?: number;
  /**
   * Distance between the elements of a window; 1 takes each.
   *
   * @default 1
   */
  stride?: number;
  /**
   * Whether last windows that are not full are left out.
   *
   * @default false
   */
  dropRemainder?: boolean;
}

/** Successive elements as one. */
export function batchNode(input: GraphNode, size: number, options: BatchOptions = {}): BatchNode {
  checkKeys("options", options, ["dropRemainder"]);
  return checkNode({ op: "batch", inputs: [input], size, dropRemainder: options.dropRemainder ?? false });
}

/** Successive elements padded to one shape. */
export function paddedBatchNode(
  input: GraphNode,
  size: number,
  options: PaddedBatchOptions = {},
): PaddedBatchNode {
  checkKeys("options", options, ["dropRemainder", "paddedShapes", "paddingValues"]);
  const { dropRemainder = false, paddedShapes = null, paddingValues = null } = options;
  return checkNode({
    op: "paddedBatch",
    inputs: [input],
    size,
    dropRemainder,
    paddedShapes: paddedShapes as Element,
    paddingValues: paddingValues as Element,
  });
}

/** The parts of each batch. */
export function unbatchNode(input: GraphNode): UnbatchNode {
  return checkNode({ op: "unbatch", inputs: [input] });
}

/** Batches of another size. */
export function rebatchNode(input: GraphNode, size: number, options: BatchOptions = {}): RebatchNode {
  checkKeys("options", options, ["dropRemainder"]);
  return checkNode({ op: "rebatch", inputs: [input], size, dropRemainder: options.dropRemainder ?? false });
}

/** Arrays of elements. */
export function windowNode(input: GraphNode, size: number, options: WindowOptions = {}): WindowNode {
  checkKeys("options", options, ["shift", "stride", "dropRemainder"]);
  const { shift = size, stride = 1, dropRemainder = false } = options;
  return checkNode({ op: "window", inputs: [input], size, shift, stride, dropRemainder });
}
