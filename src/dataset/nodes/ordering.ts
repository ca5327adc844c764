/** Nodes that choose and order elements, and leave them as they are. */

import { checkKeys } from "../../base/mod.ts";
import {
  type CacheNode,
  checkNode,
  type EnumerateNode,
  type GraphNode,
  type IgnoreErrorsNode,
  type OptionsNode,
  type PrefetchNode,
  type RepeatNode,
  type ShardNode,
  type ShuffleNode,
  type SkipNode,
  type TakeNode,
} from "../../graph/mod.ts";

/** Options of `shuffle`. */
export interface ShuffleOptions {
  /**
   * A whole number that repeats the order; without it every pass has another one.
   *
   * @default undefined
   */
  seed?: number;
  /**
   * Whether each pass over the dataset has another order; with a `seed` these orders, too, are repeatable.
   *
   * @default true
   */
  reshuffleEachIteration?: boolean;
}

/** Options of `ignoreErrors`. */
export interface IgnoreErrorsOptions {
  /**
   * Whether each error is logged as a warning.
   *
   * @default false
   */
  log?: boolean;
}

/** Options of `withOptions`. */
export interface DatasetOptions {
  /**
   * Whether parallel operators keep the order of their input; an operator's own option goes before it.
   *
   * @default true
   */
  deterministic?: boolean;
}

/** A shuffle buffer. */
export function shuffleNode(input: GraphNode, bufferSize: number, options: ShuffleOptions = {}): ShuffleNode {
  checkKeys("options", options, ["seed", "reshuffleEachIteration"]);
  const { seed = null, reshuffleEachIteration = true } = options;
  return checkNode({ op: "shuffle", inputs: [input], bufferSize, seed, reshuffleEachIteration });
}

/** The input several times over. */
export function repeatNode(input: GraphNode, count: number): RepeatNode {
  return checkNode({ op: "repeat", inputs: [input], count });
}

/** The first elements. */
export function takeNode(input: GraphNode, count: number): TakeNode {
  return checkNode({ op: "take", inputs: [input], count });
}

/** All but the first elements. */
export function skipNode(input: GraphNode, count: number): SkipNode {
  return checkNode({ op: "skip", inputs: [input], count });
}

/** Every so-manyth element. */
export function shardNode(input: GraphNode, num: number, index: number): ShardNode {
  return checkNode({ op: "shard", inputs: [input], num, index });
}

/** Reading ahead. */
export function prefetchNode(input: GraphNode, bufferSize: number): PrefetchNode {
  return checkNode({ op: "prefetch", inputs: [input], bufferSize });
}

/** Elements kept in memory. */
export function cacheNode(input: GraphNode): CacheNode {
  return checkNode({ op: "cache", inputs: [input] });
}

/** Numbered elements. */
export function enumerateNode(input: GraphNode, start: number): EnumerateNode {
  return checkNode({ op: "enumerate", inputs: [input], start });
}

/** Elements whose making failed are left out. */
export function ignoreErrorsNode(input: GraphNode, options: IgnoreErrorsOptions = {}): IgnoreErrorsNode {
  checkKeys("options", options, ["log"]);
  return checkNode({ op: "ignoreErrors", inputs: [input], log: options.log ?? false });
}

/** Options for everything below. */
export function optionsNode(input: GraphNode, options: DatasetOptions): OptionsNode {
  checkKeys("options", options ?? null, ["deterministic"]);
  return checkNode({ op: "options", inputs: [input], deterministic: options.deterministic ?? null });
}
