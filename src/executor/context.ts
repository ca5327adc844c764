/** What an execution is given from outside: everything that an operator may touch. */

import type { Clock, Log, MaybePromise, Random } from "../base/mod.ts";
import type { ConsumedSource, Element, Ledger } from "../element/mod.ts";
import type { DataServiceNode, FunctionRef, TfDataServiceNode, UserFunction } from "../graph/mod.ts";
import type { FileSystem } from "../sources/mod.ts";
import type { CallSpreader } from "./call_spreader.ts";
import type { ElementIterator } from "./iterator.ts";
import type { Settlement } from "./settlement.ts";

/** A piece of a source's input: the indexes from `start` (included) to `end` (excluded). */
export interface Split {
  /** The first index. */
  readonly start: number;
  /** The index after the last. */
  readonly end: number;
  /** The file names at those indexes, where the source is a list of files. */
  readonly names?: readonly string[];
  /**
   * The pass over the source that the indexes are given out for. It is below the one that was asked for where they
   * were leased before, to somebody who was lost. @default the repetition that was asked for
   */
  readonly repetition?: number;
  /** Which outputs of these indexes readers have already: they are left out. @default none */
  readonly consumed?: ConsumedSource["partial"];
}

/** Where the sources of a dynamically sharded pipeline get their input from. */
export interface SplitSupply {
  /**
   * The next split of a source, or null when the repetition has no more.
   *
   * @param sourceIndex the source's place in {@link sourcesOf} of the graph
   * @param repetition how often the source was begun again in this pipeline, from 0
   */
  next(sourceIndex: number, repetition: number): MaybePromise<Split | null>;
  /** Whether the source is known to have no elements at all: an endless `repeat` of it ends. */
  isEmpty(sourceIndex: number): boolean;
}

/** Makes user functions callable. */
export interface FunctionRuntime {
  /** The function that `ref` stands for; a promise while its module is loading. */
  resolve(ref: FunctionRef): MaybePromise<UserFunction>;
}

/** The builder that user functions get as `context.Dataset`; the executor uses it for the windows of groupByWindow. */
export interface DatasetBuilder {
  /** A dataset of the items of an array. */
  fromArray(items: readonly Element[]): object;
}

/** What reads a dataset through a dispatcher. */
export interface ServiceIterator extends ElementIterator<Element> {
  /** The number of the next element. */
  readonly position: number;
}

/** One pass over a service in a pipeline. */
export interface ServicePass {
  /** Which of the pipeline's places reads the service, as {@linkcode servicesOf} names them. */
  readonly at: number;
  /** How often the place was read before, from 0. */
  readonly pass: number;
}

/** Reads a dataset through a dispatcher. */
export type DataServiceReader = (
  node: DataServiceNode,
  context: ExecutionContext & ServicePass,
) => ServiceIterator;

/** Reads a dataset of a stock tf.data service. */
export type TfDataServiceReader = (
  node: TfDataServiceNode,
  options: { readonly signal: AbortSignal },
) => ElementIterator<Element>;

/** What an execution is given. */
export interface ExecutionContext {
  /** Aborted when the reader leaves; every wait of an operator ends with its reason. */
  readonly signal: AbortSignal;
  /** Where time comes from. */
  readonly clock: Clock;
  /** Seeds what the user left unseeded: one number is drawn, so that one of the same seed gives the same order again. */
  readonly random: Random;
  /** Where operators say what a person should know. */
  readonly log: Log;
  /** Called for each element that `ignoreErrors` leaves out. @default nobody counts */
  readonly onLeftOut?: () => void;
  /** Where `listFiles` and `readFiles` find files. */
  readonly files: FileSystem;
  /** Makes the user functions of the graph callable. */
  readonly functions: FunctionRuntime;
  /** What user functions build datasets with. */
  readonly Dataset: DatasetBuilder;
  /** Reads what `distribute()` and `fromDatasetId()` stand for. */
  readonly dataService: DataServiceReader;
  /** Reads what `fromTfDataService()` stands for. @default this runtime cannot */
  readonly tfDataService?: TfDataServiceReader | undefined;
  /**
   * Seeds what the user left unseeded in datasets that functions make: where others run the same pipeline, or go on
   * where it ended, all of them must make the same of an element. @default `random` does
   */
  readonly nestedSeed?: number;
  /** Which pass over the dataset this is, from 0: shuffles with `reshuffleEachIteration` differ by it. */
  readonly epoch: number;
  /** Set in the pipelines of dynamically sharded tasks. */
  readonly splits?: SplitSupply;
  /**
   * Told what the elements consumed, where the input is split: whenever a pull has given an element, the entries
   * are those of that element. @default nobody asks
   */
  readonly ledger?: Ledger;
  /**
   * Told what of the inputs comes with the elements of the root, where a dynamically sharded service is among them.
   *
   * @default nobody asks
   */
  readonly settlement?: Settlement;
  /** Threads for the calls of parallel maps. @default all calls are made in this one */
  readonly spreader?: CallSpreader;
}
