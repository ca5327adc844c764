/**
 * The dataset graph as plain data. A node names its operator, its inputs and its attributes; nodes are immutable
 * and may be shared. The dispatcher fingerprints, rewrites and splits graphs without running any of the user's
 * code; `src/executor/` turns a graph into iterators.
 */

import type { Element, ElementSpec } from "../element/mod.ts";
import type { FunctionRef } from "./functions.ts";

/** Counts of elements: `-1` means "all" or "for ever", see each operator. */
export type Count = number;

/** Numbers from `start` (included) to `stop` (excluded), `step` apart. Splits: ranges of indexes. */
export interface RangeNode {
  readonly op: "range";
  readonly inputs: readonly [];
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** The items of an array, one element each. Splits: ranges of indexes. */
export interface FromArrayNode {
  readonly op: "fromArray";
  readonly inputs: readonly [];
  readonly items: readonly Element[];
}

/** Slices along the first axis of a typed array, a tensor, a nested array of numbers, or a record of them. Splits: ranges of indexes. */
export interface FromTensorSlicesNode {
  readonly op: "fromTensorSlices";
  readonly inputs: readonly [];
  readonly tensor: Element;
}

/** What a generator function yields. One split: whoever takes it runs the whole generator. */
export interface FromGeneratorNode {
  readonly op: "fromGenerator";
  readonly inputs: readonly [];
  readonly fn: FunctionRef;
}

/** An endless sequence of uint32; element `i` is a function of the seed and `i`. Splits: endless ranges of indexes. */
export interface RandomNode {
  readonly op: "random";
  readonly inputs: readonly [];
  /** null: another sequence in each iteration. */
  readonly seed: number | null;
}

/** File names out of paths, globs and URLs, in the order of `patterns`, sorted within each. Splits: ranges of indexes, with the names. */
export interface ListFilesNode {
  readonly op: "listFiles";
  readonly inputs: readonly [];
  readonly patterns: readonly string[];
  readonly shuffle: boolean;
  readonly seed: number | null;
}

/** The records of each file that the input names, file after file. */
export interface ReadFilesNode {
  readonly op: "readFiles";
  readonly inputs: readonly [GraphNode];
  readonly format: "textLines" | "csv" | "jsonl" | "tfrecord";
  /** Options of the format; see `src/sources/`. */
  readonly options: { readonly [key: string]: Element };
}

/** Reads a dataset through a dispatcher. `client/` runs it: the graph only carries what it needs. */
export interface DataServiceNode {
  readonly op: "dataService";
  /** The dataset to be registered; none where `options.datasetId` names a registered one. */
  readonly inputs: readonly [] | readonly [GraphNode];
  readonly options: DataServiceOptions;
}

/** The options of `distribute()` and `fromDatasetId()`, completed. */
export interface DataServiceOptions {
  /** The dispatcher's target, such as `http://localhost:5050`. */
  readonly service: string;
  /** A `ShardingPolicy`: OFF 0, DYNAMIC 1, FILE 2, DATA 3, FILE_OR_DATA 4, HINT 5. */
  readonly shardingPolicy: number;
  readonly datasetId: string | null;
  readonly jobName: string | null;
  readonly consumerIndex: number | null;
  readonly numConsumers: number | null;
  /** null: chosen by the client. */
  readonly maxOutstandingRequests: number | null;
  readonly compression: "AUTO" | "SNAPPY" | "ZSTD" | "GZIP" | "NONE";
  /** Trainer id of the cross-trainer cache; null: no such cache. */
  readonly trainerId: string | null;
  readonly targetWorkers: "AUTO" | "ANY" | "LOCAL";
  readonly taskRefreshIntervalMs: number;
  readonly dispatcherTimeoutMs: number;
  /** Whether the job is refused where it cannot be exactly-once. */
  readonly exactlyOnce: boolean;
}

/** Reads a dataset of a stock tf.data service. `tensorflow/client/` runs it. */
export interface TfDataServiceNode {
  readonly op: "tfDataService";
  readonly inputs: readonly [];
  readonly options: TfDataServiceOptions;
}

/** The options of `Dataset.fromTfDataService()`, completed. */
export interface TfDataServiceOptions {
  /** The dispatcher's address, such as `localhost:5050`. */
  readonly address: string;
  readonly datasetId: string;
  /** A `ShardingPolicy`, as in {@linkcode DataServiceOptions}. */
  readonly shardingPolicy: number;
  readonly jobName: string | null;
  /** What the tensors become; null: what is natural for those that the dispatcher names. */
  readonly elementSpec: ElementSpec | null;
  /** null: chosen by the client. */
  readonly maxOutstandingRequests: number | null;
  /** Trainer id of the cross-trainer cache; null: no such cache. */
  readonly trainerId: string | null;
  readonly targetWorkers: "AUTO" | "ANY";
  readonly taskRefreshIntervalMs: number;
  readonly dispatcherTimeoutMs: number;
}

/** A function of each element. `parallel` calls run at a time; their results come in order unless `deterministic` is false. */
export interface MapNode {
  readonly op: "map";
  readonly inputs: readonly [GraphNode];
  readonly fn: FunctionRef;
  readonly parallel: number;
  readonly deterministic: boolean | null;
}

/** The elements for which the function gives a true value. */
export interface FilterNode {
  readonly op: "filter";
  readonly inputs: readonly [GraphNode];
  readonly fn: FunctionRef;
}

/** The elements of what the function makes of each element, one after the other. */
export interface FlatMapNode {
  readonly op: "flatMap";
  readonly inputs: readonly [GraphNode];
  readonly fn: FunctionRef;
}

/** As flatMap, but `cycleLength` of the results are open at a time and give `blockLength` elements in turn. */
export interface InterleaveNode {
  readonly op: "interleave";
  readonly inputs: readonly [GraphNode];
  readonly fn: FunctionRef;
  readonly cycleLength: number;
  readonly blockLength: number;
  /** How many inner datasets are read ahead at a time; 1: none. */
  readonly parallel: number;
  readonly deterministic: boolean | null;
}

/** `size` successive elements as one. */
export interface BatchNode {
  readonly op: "batch";
  readonly inputs: readonly [GraphNode];
  readonly size: number;
  readonly dropRemainder: boolean;
}

/** As batch, with each element padded to the largest of its batch or to `paddedShapes`. */
export interface PaddedBatchNode {
  readonly op: "paddedBatch";
  readonly inputs: readonly [GraphNode];
  readonly size: number;
  readonly dropRemainder: boolean;
  /** Same structure as the element, a shape at each array (null sizes: the batch's largest); null: all largest. */
  readonly paddedShapes: Element;
  /** A value, or the same structure as the element with one at each array; null: 0, "" or false. */
  readonly paddingValues: Element;
}

/** The parts of each batch, one by one. */
export interface UnbatchNode {
  readonly op: "unbatch";
  readonly inputs: readonly [GraphNode];
}

/** Batches of another size out of the parts of the input's batches. */
export interface RebatchNode {
  readonly op: "rebatch";
  readonly inputs: readonly [GraphNode];
  readonly size: number;
  readonly dropRemainder: boolean;
}

/** Elements drawn at random from a buffer of `bufferSize` that is kept full. */
export interface ShuffleNode {
  readonly op: "shuffle";
  readonly inputs: readonly [GraphNode];
  readonly bufferSize: number;
  readonly seed: number | null;
  readonly reshuffleEachIteration: boolean;
}

/** The input `count` times over; -1: for ever. */
export interface RepeatNode {
  readonly op: "repeat";
  readonly inputs: readonly [GraphNode];
  readonly count: Count;
}

/** The first `count` elements; -1: all. */
export interface TakeNode {
  readonly op: "take";
  readonly inputs: readonly [GraphNode];
  readonly count: Count;
}

/** All but the first `count` elements; -1: none are left. */
export interface SkipNode {
  readonly op: "skip";
  readonly inputs: readonly [GraphNode];
  readonly count: Count;
}

/** Every `num`-th element from the `index`-th on. Both may be `SHARD_HINT` (-1), to be filled in by the HINT policy. */
export interface ShardNode {
  readonly op: "shard";
  readonly inputs: readonly [GraphNode];
  readonly num: number;
  readonly index: number;
}

/** Pulls up to `bufferSize` elements ahead of the reader. */
export interface PrefetchNode {
  readonly op: "prefetch";
  readonly inputs: readonly [GraphNode];
  readonly bufferSize: number;
}

/** Keeps in memory what the first complete pass gave, for later passes. */
export interface CacheNode {
  readonly op: "cache";
  readonly inputs: readonly [GraphNode];
}

/** Pairs `[index, element]`, from `start` on. */
export interface EnumerateNode {
  readonly op: "enumerate";
  readonly inputs: readonly [GraphNode];
  readonly start: number;
}

/** The elements before the first for which the function gives a false value. */
export interface TakeWhileNode {
  readonly op: "takeWhile";
  readonly inputs: readonly [GraphNode];
  readonly fn: FunctionRef;
}

/** Arrays of `size` elements, `stride` apart, each window `shift` after the one before. */
export interface WindowNode {
  readonly op: "window";
  readonly inputs: readonly [GraphNode];
  readonly size: number;
  readonly shift: number;
  readonly stride: number;
  readonly dropRemainder: boolean;
}

/** A function of a running state and each element: `[state, output]`. */
export interface ScanNode {
  readonly op: "scan";
  readonly inputs: readonly [GraphNode];
  readonly init: Element;
  readonly fn: FunctionRef;
}

/** All inputs, one after the other. */
export interface ConcatenateNode {
  readonly op: "concatenate";
  readonly inputs: readonly GraphNode[];
}

/** Arrays of one element of each input, until the first input ends. */
export interface ZipNode {
  readonly op: "zip";
  readonly inputs: readonly GraphNode[];
}

/** Elements of inputs drawn at random by `weights` (null: equal), until all have ended. */
export interface SampleFromDatasetsNode {
  readonly op: "sampleFromDatasets";
  readonly inputs: readonly GraphNode[];
  readonly weights: readonly number[] | null;
  readonly seed: number | null;
}

/** Elements of the inputs but the last, in the order of the indexes that the last input gives. */
export interface ChooseFromDatasetsNode {
  readonly op: "chooseFromDatasets";
  readonly inputs: readonly GraphNode[];
}

/** Gathers elements of one key into windows and gives what `reduce` makes of each. */
export interface GroupByWindowNode {
  readonly op: "groupByWindow";
  readonly inputs: readonly [GraphNode];
  readonly key: FunctionRef;
  readonly reduce: FunctionRef;
  /** The size of every window, or the function that gives it for a key. */
  readonly size: number | FunctionRef;
}

/** Batches of elements of like length, padded. Lengths below `boundaries[i]` go to bucket `i`. */
export interface BucketBySequenceLengthNode {
  readonly op: "bucketBySequenceLength";
  readonly inputs: readonly [GraphNode];
  readonly length: FunctionRef;
  readonly boundaries: readonly number[];
  readonly batchSizes: readonly number[];
  readonly dropRemainder: boolean;
  readonly paddedShapes: Element;
  readonly paddingValues: Element;
}

/** Leaves out elements whose making failed. */
export interface IgnoreErrorsNode {
  readonly op: "ignoreErrors";
  readonly inputs: readonly [GraphNode];
  readonly log: boolean;
}

/** Options for everything below it that does not say otherwise. */
export interface OptionsNode {
  readonly op: "options";
  readonly inputs: readonly [GraphNode];
  /** Whether parallel operators keep order; null: they do. */
  readonly deterministic: boolean | null;
}

/** Any node. */
export type GraphNode =
  | RangeNode
  | FromArrayNode
  | FromTensorSlicesNode
  | FromGeneratorNode
  | RandomNode
  | ListFilesNode
  | ReadFilesNode
  | DataServiceNode
  | TfDataServiceNode
  | MapNode
  | FilterNode
  | FlatMapNode
  | InterleaveNode
  | BatchNode
  | PaddedBatchNode
  | UnbatchNode
  | RebatchNode
  | ShuffleNode
  | RepeatNode
  | TakeNode
  | SkipNode
  | ShardNode
  | PrefetchNode
  | CacheNode
  | EnumerateNode
  | TakeWhileNode
  | WindowNode
  | ScanNode
  | ConcatenateNode
  | ZipNode
  | SampleFromDatasetsNode
  | ChooseFromDatasetsNode
  | GroupByWindowNode
  | BucketBySequenceLengthNode
  | IgnoreErrorsNode
  | OptionsNode;

/** The name of an operator. */
export type OpName = GraphNode["op"];

/** What is known of a dataset without running it. */
export interface DatasetMetadata {
  readonly elementSpec: ElementSpec;
  /** Number of elements; -1: infinite, -2: unknown. */
  readonly cardinality: number;
}

/** Key under which an object that stands for a dataset (a `Dataset`) shows its graph to the lower floors. */
export const GRAPH: unique symbol = Symbol.for("sluice.graph");

/** The graph of a dataset object, or undefined for anything else. */
export function graphOf(value: unknown): GraphNode | undefined {
  return typeof value === "object" && value !== null ? (value as { [GRAPH]?: GraphNode })[GRAPH] : undefined;
}
