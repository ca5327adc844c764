import { checkFunction } from "../base/mod.ts";
import { cardinalityOf, GRAPH, type GraphNode } from "../graph/mod.ts";
import type { Batched } from "./batched.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { collect } from "./collect.ts";
import type { ElementOf } from "./element_of.ts";
import { currentEnvironment } from "./environment.ts";
import { beginExecution, type Progress } from "./execution.ts";
import type { CaptureOptions, FunctionContext } from "./function_context.ts";
import * as batching from "./nodes/batching.ts";
import * as combining from "./nodes/combining.ts";
import * as files from "./nodes/files.ts";
import * as functions from "./nodes/functions.ts";
import * as grouping from "./nodes/grouping.ts";
import * as ordering from "./nodes/ordering.ts";
import * as sources from "./nodes/sources.ts";
import { type FromTfDataServiceOptions, tfDataServiceNode } from "./nodes/tf_data_service.ts";
import { checkReaderOptions, type DatasetReader, ExecutionReader, type ReaderOptions } from "./reader.ts";
import type { PaddedBatched } from "./padded_batched.ts";
import type { Slice } from "./slice.ts";
import { toReadableStream } from "./stream.ts";
import type { Unbatched } from "./unbatched.ts";

/** Makes the dataset of a graph; the types promise what the graph holds. */
export let datasetOf: <T>(node: GraphNode) => Dataset<T>;

/**
 * A sequence of elements and how it comes about, as a graph that other machines can run. A dataset is immutable:
 * each method gives a new one. Nothing is computed before somebody reads it; then `for await` runs it in this
 * process, and after {@linkcode distribute} the workers of a service run it.
 *
 * Every method checks its arguments at once: a wrong one throws an `InvalidArgumentError` that names it.
 *
 * Functions given to a dataset travel by their source text when a service runs it: they may use their parameters,
 * globals and `context.captures`, or are given by reference with {@linkcode udf}. In this process they may use
 * whatever they see. What they throw reaches the reader as an `InternalError` with the same message.
 *
 * @example
 * ```ts
 * import { Dataset } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = Dataset.range(6).filter((x) => x % 2 === 0).map((x) => x * 10).batch(2);
 * const seen: number[][] = [];
 * for await (const batch of batches) seen.push([...batch]);
 * assertEquals(seen, [[0, 20], [40]]);
 * ```
 */
export class Dataset<T> implements AsyncIterable<T> {
  readonly #node: GraphNode;
  /** How many passes over this object have begun. */
  #epoch = 0;

  static {
    datasetOf = (node) => new Dataset(node);
  }

  private constructor(node: GraphNode) {
    this.#node = node;
  }

  // ---- out of values and functions ---------------------------------------------------------------------------

  /**
   * The numbers from 0 up to `stop`, which is not one of them.
   *
   * @param stop a whole number
   * @throws {InvalidArgumentError} if `stop` is no whole number
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(3).toArray(), [0, 1, 2]);
   * ```
   */
  static range(stop: number): Dataset<number>;
  /**
   * The numbers from `start` up, or with a negative `step` down, to `stop`, which is not one of them.
   *
   * @param start the first number, a whole one
   * @param stop where the numbers end, a whole number
   * @param step distance between two numbers, a whole number other than 0; by default 1
   * @throws {InvalidArgumentError} if an argument is no whole number, or `step` is 0
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(9, 0, -3).toArray(), [9, 6, 3]);
   * ```
   */
  static range(start: number, stop: number, step?: number): Dataset<number>;
  static range(first: number, stop?: number, step = 1): Dataset<number> {
    return new Dataset(sources.rangeNode(first, stop, step));
  }

  /**
   * The items of an array, one element each. The array is copied, its items are not.
   *
   * @param items elements: numbers, strings, booleans, bigints, nulls, typed arrays, tensors, and arrays and plain
   * records of them
   * @throws {InvalidArgumentError} if an item is no element, with its kind and place
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const users = Dataset.fromArray([{ name: "Ada" }, { name: "Emmy" }]);
   * assertEquals(await users.map((user) => user.name).toArray(), ["Ada", "Emmy"]);
   * ```
   */
  static fromArray<T>(items: readonly T[]): Dataset<T> {
    return new Dataset(sources.fromArrayNode(items));
  }

  /**
   * The slices along the first axis of a tensor, or of several side by side.
   *
   * @param tensor a typed array, a {@linkcode Tensor}, a nested array of numbers, or a record of them, all with the
   * same size of the first axis. It is not copied
   * @throws {InvalidArgumentError} if it is something else, or sizes differ
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const rows = Dataset.fromTensorSlices({ x: new Float32Array([0.5, 1.5]), label: [3, 4] });
   * assertEquals(await rows.toArray(), [{ x: 0.5, label: 3 }, { x: 1.5, label: 4 }]);
   * ```
   */
  static fromTensorSlices<T>(tensor: T): Dataset<Slice<T>> {
    return new Dataset(sources.fromTensorSlicesNode(tensor));
  }

  /**
   * What a generator function, or any function that gives an iterable, yields. It is called anew for each pass.
   * With dynamic sharding one worker runs all of it.
   *
   * @param fn the function; it travels like those of operators
   * @param options values for it, as `captures`
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const letters = Dataset.fromGenerator(function* ({ captures }) {
   *   for (const letter of captures.text) yield letter;
   * }, { captures: { text: "abc" } });
   * assertEquals(await letters.toArray(), ["a", "b", "c"]);
   * ```
   */
  static fromGenerator<T, C = unknown>(
    fn: (context: FunctionContext<C>) => Iterable<T> | AsyncIterable<T>,
    options?: CaptureOptions<C>,
  ): Dataset<T> {
    return new Dataset(sources.fromGeneratorNode(fn, options));
  }

  /**
   * An endless sequence of random whole numbers from 0 to 2^32 - 1.
   *
   * @param options a `seed`, a whole number, that repeats the sequence
   * @throws {InvalidArgumentError} if `seed` is no whole number
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const dice = Dataset.random({ seed: 7 }).map((x) => x % 6 + 1).take(20);
   * assertEquals(await dice.toArray(), await dice.toArray());
   * ```
   */
  static random(options?: sources.RandomOptions): Dataset<number> {
    return new Dataset(sources.randomNode(options));
  }

  // ---- out of files ------------------------------------------------------------------------------------------

  /**
   * The names of files, sorted, or in random order. Files are looked for when the dataset is read.
   *
   * @param pattern a path, a glob such as `"data/*.csv"` or a URL, or several of them
   * @param options whether to shuffle the names
   * @throws {InvalidArgumentError} if an argument is not valid. Reading throws a `NotFoundError` for a pattern that
   * nothing matches
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const names = Dataset.listFiles(["https://example.com/1.csv", "https://example.com/0.csv"]);
   * assertEquals(await names.toArray(), ["https://example.com/1.csv", "https://example.com/0.csv"]);
   * ```
   */
  static listFiles(pattern: string | readonly string[], options?: files.ListFilesOptions): Dataset<string> {
    return new Dataset(files.listFilesNode(pattern, options));
  }

  /**
   * The lines of UTF-8 text files, without their ends (`\n` or `\r\n`).
   *
   * @param input paths, globs or URLs, or a dataset of them
   * @param options how the files are compressed, and the longest line in bytes
   * @throws {InvalidArgumentError} if an argument is not valid. Reading throws a `NotFoundError` for a missing and a
   * `DataLossError` for a damaged file, naming it
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.textLines("data:,one%0Atwo").toArray(), ["one", "two"]);
   * ```
   */
  static textLines(input: files.FileInput, options?: files.FileOptions): Dataset<string> {
    return new Dataset(files.readFilesNode("textLines", input, options));
  }

  /**
   * The lines of CSV files as records; the first line of each file names their fields.
   *
   * @param input paths, globs or URLs, or a dataset of them
   * @param options the delimiter, the columns and what to turn them into; without `types` every field is a string
   * @throws {InvalidArgumentError} if an argument is not valid. Reading throws a `NotFoundError` for a missing and a
   * `DataLossError` for a damaged file, naming it
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const rows = Dataset.csv<{ name: string; age: number }>("data:,name,age%0AAda,36", {
   *   types: { age: "number" },
   * });
   * assertEquals(await rows.toArray(), [{ name: "Ada", age: 36 }]);
   * ```
   */
  static csv<T = Record<string, string>>(
    input: files.FileInput,
    options?: files.CsvFileOptions,
  ): Dataset<T> {
    return new Dataset(files.readFilesNode("csv", input, options));
  }

  /**
   * The values of files with one JSON value a line.
   *
   * @param input paths, globs or URLs, or a dataset of them
   * @param options how the files are compressed, and the longest line in bytes
   * @throws {InvalidArgumentError} if an argument is not valid. Reading throws a `NotFoundError` for a missing and a
   * `DataLossError` for a damaged file, naming it
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const values = Dataset.jsonl<{ x: number }>("data:,{%22x%22:1}%0A{%22x%22:2}");
   * assertEquals(await values.toArray(), [{ x: 1 }, { x: 2 }]);
   * ```
   */
  static jsonl<T = unknown>(input: files.FileInput, options?: files.FileOptions): Dataset<T> {
    return new Dataset(files.readFilesNode("jsonl", input, options));
  }

  /**
   * The records of TFRecord files, as bytes. Both checksums of each record are checked.
   *
   * @param input paths, globs or URLs, or a dataset of them
   * @param options how the files are compressed, and the longest record in bytes
   * @throws {InvalidArgumentError} if an argument is not valid. Reading throws a `NotFoundError` for a missing and a
   * `DataLossError` for a damaged file, naming it
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const empty = Dataset.tfrecord("data:application/octet-stream,");
   * assertEquals(await empty.toArray(), []);
   * ```
   */
  static tfrecord(input: files.FileInput, options?: files.FileOptions): Dataset<Uint8Array> {
    return new Dataset(files.readFilesNode("tfrecord", input, options));
  }

  /**
   * A dataset of an existing tf.data service, of TensorFlow's own dispatcher and workers (TensorFlow 2.21): a program
   * there has registered it. Compressed or not; tensors become what is natural for them: scalars numbers, booleans,
   * strings and (of 64-bit integers) bigints, vectors typed arrays, what has more axes `Tensor`s, dictionaries records.
   *
   * It can be read here, or be the source of a pipeline that a Sluice service runs: each of its workers then is a reader
   * of the tf.data service. Web pages cannot read it, as gRPC needs what they do not have.
   *
   * Errors of reading: `UnavailableError` when the dispatcher stays unreachable for `dispatcherTimeoutMs`,
   * `NotFoundError` for an id that is not registered, and the errors of the workers' pipelines.
   *
   * @param options which dataset, where the service is and how it is to divide the work
   * @throws {InvalidArgumentError} naming the option, before anything is sent
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const labels = Dataset.fromTfDataService<{ label: bigint }>({
   *   address: "localhost:5000",
   *   datasetId: "train",
   *   processingMode: "parallel_epochs",
   * }).map(({ label }) => Number(label));
   * assertEquals(labels.cardinality, -2); // not known before the service is asked
   * ```
   */
  static fromTfDataService<T = unknown>(options: FromTfDataServiceOptions): Dataset<T> {
    return new Dataset(tfDataServiceNode(options));
  }

  // ---- out of other datasets ---------------------------------------------------------------------------------

  /**
   * Tuples of one element of each dataset, until the first of them ends.
   *
   * @param datasets at least one dataset
   * @throws {InvalidArgumentError} if there is none, or one is no dataset
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const pairs = Dataset.zip(Dataset.range(2), Dataset.fromArray(["a", "b", "c"]));
   * assertEquals(await pairs.toArray(), [[0, "a"], [1, "b"]]);
   * ```
   */
  static zip<T extends readonly Dataset<unknown>[]>(
    ...datasets: T
  ): Dataset<{ [K in keyof T]: ElementOf<T[K]> }> {
    return new Dataset(combining.zipNode(combining.nodesOf(datasets)));
  }

  /**
   * The elements of all datasets, one dataset after the other.
   *
   * @param datasets at least one dataset
   * @throws {InvalidArgumentError} if there is none, or one is no dataset
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const all = Dataset.concatenate(Dataset.range(2), Dataset.fromArray(["a"]), Dataset.range(1));
   * assertEquals(await all.toArray(), [0, 1, "a", 0]);
   * ```
   */
  static concatenate<T extends readonly Dataset<unknown>[]>(...datasets: T): Dataset<ElementOf<T[number]>> {
    return new Dataset(combining.concatenateNode(combining.nodesOf(datasets)));
  }

  /**
   * Elements of several datasets in random order, until all have ended.
   *
   * @param datasets at least one dataset
   * @param options how often to draw from each, and a `seed` that repeats the draws
   * @throws {InvalidArgumentError} if there is no dataset, or `weights` do not fit
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const rare = Dataset.fromArray(["rare"]).repeat();
   * const often = Dataset.fromArray(["often"]).repeat();
   * const mixed = await Dataset.sampleFromDatasets([rare, often], { weights: [1, 9], seed: 1 }).take(100).toArray();
   * assertEquals(mixed.filter((x) => x === "rare").length < 50, true);
   * ```
   */
  static sampleFromDatasets<T extends readonly Dataset<unknown>[]>(
    datasets: T,
    options?: combining.SampleOptions,
  ): Dataset<ElementOf<T[number]>> {
    return new Dataset(combining.sampleNode(combining.nodesOf(datasets), options));
  }

  /**
   * Elements of several datasets in the order that `choice` gives. It ends with `choice`, or when it chooses a
   * dataset that has ended.
   *
   * @param datasets at least one dataset
   * @param choice indexes into `datasets`
   * @throws {InvalidArgumentError} if there is no dataset, or one is something else
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const [low, high] = [Dataset.range(0, 10), Dataset.range(10, 20)];
   * const chosen = Dataset.chooseFromDatasets([low, high], Dataset.fromArray([1, 0, 1]));
   * assertEquals(await chosen.toArray(), [10, 0, 11]);
   * ```
   */
  static chooseFromDatasets<T extends readonly Dataset<unknown>[]>(
    datasets: T,
    choice: Dataset<number>,
  ): Dataset<ElementOf<T[number]>> {
    return new Dataset(
      combining.chooseNode(combining.nodesOf(datasets), combining.nodeOf("choice", choice)),
    );
  }

  // ---- a function of each element ----------------------------------------------------------------------------

  /**
   * What a function makes of each element, in their order.
   *
   * @param fn the function, or a promise-giving one
   * @param options how many calls may be under way at a time, values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const scaled = Dataset.range(3).map((x, { captures }) => x * captures.factor, { captures: { factor: 10 } });
   * assertEquals(await scaled.toArray(), [0, 10, 20]);
   * ```
   */
  map<U, C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => U | Promise<U>,
    options?: functions.MapOptions<C>,
  ): Dataset<U> {
    return new Dataset(functions.mapNode(this.#node, fn, options));
  }

  /**
   * The elements of a narrower type that a type guard lets through.
   *
   * @param fn a type guard
   * @param options values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const texts: Dataset<string> = Dataset.fromArray([1, "a", 2]).filter((x) => typeof x === "string");
   * assertEquals(await texts.toArray(), ["a"]);
   * ```
   */
  filter<S extends T, C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => element is S,
    options?: CaptureOptions<C>,
  ): Dataset<S>;
  /**
   * The elements for which a function gives a true value.
   *
   * @param fn the function, or a promise-giving one
   * @param options values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(5).filter((x) => x % 2 === 0).toArray(), [0, 2, 4]);
   * ```
   */
  filter<C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => unknown,
    options?: CaptureOptions<C>,
  ): Dataset<T>;
  filter(fn: unknown, options?: CaptureOptions): Dataset<T> {
    return new Dataset(functions.filterNode(this.#node, fn, options));
  }

  /**
   * The elements of what a function makes of each element, one after the other.
   *
   * @param fn gives a dataset, built with `context.Dataset`, or anything iterable
   * @param options values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const words = Dataset.fromArray(["to be", "or not"]).flatMap((line) => line.split(" "));
   * assertEquals(await words.toArray(), ["to", "be", "or", "not"]);
   * ```
   */
  flatMap<U, C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => Iterable<U> | AsyncIterable<U> | Dataset<U>,
    options?: CaptureOptions<C>,
  ): Dataset<U> {
    return new Dataset(functions.flatMapNode(this.#node, fn, options));
  }

  /**
   * As {@linkcode Dataset.flatMap}, but several of the datasets that the function gives are open at a time and give
   * elements in turn: files are read side by side.
   *
   * @param fn gives a dataset, built with `context.Dataset`, or anything iterable
   * @param options how many are open, how many elements each gives in turn, how many are read ahead
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const mixed = Dataset.range(2).interleave((x, { Dataset }) => Dataset.range(x * 10, x * 10 + 2), { cycleLength: 2 });
   * assertEquals(await mixed.toArray(), [0, 10, 1, 11]);
   * ```
   */
  interleave<U, C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => Dataset<U> | Iterable<U> | AsyncIterable<U>,
    options?: functions.InterleaveOptions<C>,
  ): Dataset<U> {
    return new Dataset(functions.interleaveNode(this.#node, fn, options));
  }

  /**
   * The elements of a narrower type before the first that a type guard holds back.
   *
   * @param fn a type guard
   * @param options values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const numbers: Dataset<number> = Dataset.fromArray([1, "a", 2]).takeWhile((x) => typeof x === "number");
   * assertEquals(await numbers.toArray(), [1]);
   * ```
   */
  takeWhile<S extends T, C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => element is S,
    options?: CaptureOptions<C>,
  ): Dataset<S>;
  /**
   * The elements before the first for which a function gives a false value.
   *
   * @param fn the function, or a promise-giving one
   * @param options values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.fromArray([1, 2, 9, 1]).takeWhile((x) => x < 5).toArray(), [1, 2]);
   * ```
   */
  takeWhile<C = unknown>(
    fn: (element: T, context: FunctionContext<C>) => unknown,
    options?: CaptureOptions<C>,
  ): Dataset<T>;
  takeWhile(fn: unknown, options?: CaptureOptions): Dataset<T> {
    return new Dataset(functions.takeWhileNode(this.#node, fn, options));
  }

  /**
   * The outputs of a function that carries a state from one element to the next.
   *
   * @param init the state before the first element
   * @param fn gives the next state and the output
   * @param options values for the function
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const sums = Dataset.range(1, 5).scan(0, (sum, x) => [sum + x, sum + x]);
   * assertEquals(await sums.toArray(), [1, 3, 6, 10]);
   * ```
   */
  scan<S, U, C = unknown>(
    init: S,
    fn: (state: S, element: T, context: FunctionContext<C>) => [S, U] | Promise<[S, U]>,
    options?: CaptureOptions<C>,
  ): Dataset<U> {
    return new Dataset(functions.scanNode(this.#node, init, fn, options));
  }

  // ---- together and apart ------------------------------------------------------------------------------------

  /**
   * `size` successive elements as one, see {@linkcode Batched}. Their structures, and the shapes of their arrays, must
   * agree: reading throws an `InvalidArgumentError` with the shapes otherwise.
   *
   * @param size elements in a batch, at least 1; the last batch may have fewer
   * @param options whether a last batch that is not full is left out
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const batches = await Dataset.range(3).batch(2).toArray();
   * assertEquals(batches, [new Float64Array([0, 1]), new Float64Array([2])]);
   * ```
   */
  batch(size: number, options?: batching.BatchOptions): Dataset<Batched<T>> {
    return new Dataset(batching.batchNode(this.#node, size, options));
  }

  /**
   * As {@linkcode Dataset.batch}, with arrays of differing sizes padded to one, see {@linkcode PaddedBatched}.
   *
   * @param size elements in a batch, at least 1; the last batch may have fewer
   * @param options the sizes to pad to, and what to pad with
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const rows = Dataset.fromArray([new Int32Array([1]), new Int32Array([2, 3])]);
   * const [batch] = await rows.paddedBatch(2).toArray();
   * assertEquals(batch, { dtype: "int32", shape: [2, 2], data: new Int32Array([1, 0, 2, 3]) });
   * ```
   */
  paddedBatch(size: number, options?: batching.PaddedBatchOptions): Dataset<PaddedBatched<T>> {
    return new Dataset(batching.paddedBatchNode(this.#node, size, options));
  }

  /**
   * The parts of each batch, one by one: undoes {@linkcode Dataset.batch}.
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(5).batch(2).unbatch().toArray(), [0, 1, 2, 3, 4]);
   * ```
   */
  unbatch(): Dataset<Unbatched<T>> {
    return new Dataset(batching.unbatchNode(this.#node));
  }

  /**
   * Batches of another size out of the parts of this dataset's batches.
   *
   * @param size parts in a batch, at least 1; the last batch may have fewer
   * @param options whether a last batch that is not full is left out
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const batches = await Dataset.range(4).batch(3).rebatch(2).toArray();
   * assertEquals(batches, [new Float64Array([0, 1]), new Float64Array([2, 3])]);
   * ```
   */
  rebatch(size: number, options?: batching.BatchOptions): Dataset<T> {
    return new Dataset(batching.rebatchNode(this.#node, size, options));
  }

  /**
   * Arrays of `size` elements each, one window beginning `shift` elements after the other.
   *
   * @param size elements in a window, at least 1
   * @param options how far windows are apart, and the elements in them
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const windows = Dataset.range(5).window(3, { shift: 1, dropRemainder: true });
   * assertEquals(await windows.toArray(), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]);
   * ```
   */
  window(size: number, options?: batching.WindowOptions): Dataset<T[]> {
    return new Dataset(batching.windowNode(this.#node, size, options));
  }

  /**
   * Gathers elements of one key into windows, and gives the elements of what a function makes of each window. A
   * window is given on when it is full, or when this dataset has ended.
   *
   * @param options the functions for the key and the windows, and the size of windows
   * @throws {InvalidArgumentError} if an option is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const batches = Dataset.range(6).groupByWindow({
   *   key: (x) => x % 2,
   *   reduce: (_key, window) => window.batch(3),
   *   size: 3,
   * });
   * assertEquals(await batches.toArray(), [new Float64Array([0, 2, 4]), new Float64Array([1, 3, 5])]);
   * ```
   */
  groupByWindow<K, U, C = unknown>(options: grouping.GroupByWindowOptions<T, K, U, C>): Dataset<U> {
    return new Dataset(grouping.groupByWindowNode(this.#node, options));
  }

  /**
   * Padded batches of elements of like length, so that little is padded.
   *
   * @param options the function for the length, the limits of the buckets and the sizes of their batches
   * @throws {InvalidArgumentError} if an option is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const sequences = Dataset.fromArray([[1], [2, 2, 2], [3], [4, 4]].map((items) => new Uint8Array(items)));
   * const batches = sequences.bucketBySequenceLength({
   *   length: (sequence) => sequence.length,
   *   boundaries: [2],
   *   batchSizes: [2, 2],
   * });
   * assertEquals((await batches.toArray()).map((batch) => batch.shape), [[2, 1], [2, 3]]);
   * ```
   */
  bucketBySequenceLength<C = unknown>(options: grouping.BucketOptions<T, C>): Dataset<PaddedBatched<T>> {
    return new Dataset(grouping.bucketNode(this.#node, options));
  }

  // ---- choice and order --------------------------------------------------------------------------------------

  /**
   * The elements in random order: each is drawn from a buffer that is kept full. A buffer as large as the dataset
   * makes every order equally likely.
   *
   * @param bufferSize elements in the buffer, at least 1
   * @param options a `seed` that repeats the order
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const shuffled = await Dataset.range(10).shuffle(10, { seed: 1 }).toArray();
   * assertEquals(shuffled.toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
   * ```
   */
  shuffle(bufferSize: number, options?: ordering.ShuffleOptions): Dataset<T> {
    return new Dataset(ordering.shuffleNode(this.#node, bufferSize, options));
  }

  /**
   * The dataset several times over; each time is a pass of its own, with another order of shuffles.
   *
   * @param count how many times, at least 0; -1, the default: for ever
   * @throws {InvalidArgumentError} if `count` is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(2).repeat(2).toArray(), [0, 1, 0, 1]);
   * assertEquals(await Dataset.range(2).repeat().take(3).toArray(), [0, 1, 0]);
   * ```
   */
  repeat(count = -1): Dataset<T> {
    return new Dataset(ordering.repeatNode(this.#node, count));
  }

  /**
   * The first elements.
   *
   * @param count how many, at least 0; -1: all
   * @throws {InvalidArgumentError} if `count` is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(10).take(2).toArray(), [0, 1]);
   * ```
   */
  take(count: number): Dataset<T> {
    return new Dataset(ordering.takeNode(this.#node, count));
  }

  /**
   * All but the first elements.
   *
   * @param count how many to leave out, at least 0; -1: all
   * @throws {InvalidArgumentError} if `count` is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(4).skip(2).toArray(), [2, 3]);
   * ```
   */
  skip(count: number): Dataset<T> {
    return new Dataset(ordering.skipNode(this.#node, count));
  }

  /**
   * Every `num`-th element, from the one at `index` on. With {@linkcode SHARD_HINT} for both, the service fills in
   * the numbers, see {@linkcode ShardingPolicy}.
   *
   * @param num number of shards, at least 1
   * @param index which of them, from 0 to `num - 1`
   * @throws {InvalidArgumentError} if an argument is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(5).shard(2, 1).toArray(), [1, 3]);
   * ```
   */
  shard(num: number, index: number): Dataset<T> {
    return new Dataset(ordering.shardNode(this.#node, num, index));
  }

  /**
   * Reads ahead, so that elements are made while the reader works on earlier ones.
   *
   * @param bufferSize most elements made ahead
   * @throws {InvalidArgumentError} if `bufferSize` is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(3).prefetch(2).toArray(), [0, 1, 2]);
   * ```
   */
  prefetch(bufferSize: number): Dataset<T> {
    return new Dataset(ordering.prefetchNode(this.#node, bufferSize));
  }

  /**
   * Keeps in memory what the first complete pass gave; later passes get it from there.
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * let calls = 0;
   * const cached = Dataset.range(3).map((x) => (calls++, x)).cache();
   * assertEquals(await cached.toArray(), await cached.toArray());
   * assertEquals(calls, 3);
   * ```
   */
  cache(): Dataset<T> {
    return new Dataset(ordering.cacheNode(this.#node));
  }

  /**
   * Pairs of a running number and an element. With dynamic sharding each worker counts for itself.
   *
   * @param start the first number, a whole one
   * @throws {InvalidArgumentError} if `start` is no whole number
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.fromArray(["a", "b"]).enumerate(5).toArray(), [[5, "a"], [6, "b"]]);
   * ```
   */
  enumerate(start = 0): Dataset<[number, T]> {
    return new Dataset(ordering.enumerateNode(this.#node, start));
  }

  /**
   * Leaves out elements whose making failed in an operator before this one, and goes on with the next. Errors of
   * the service itself are not left out. In a service, the dispatcher's status counts them (`numSkipped` of jobs and
   * iterations), and `log: true` writes each to the standard error of its worker.
   *
   * @param options whether to log them
   * @throws {InvalidArgumentError} if an option is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const parsed = Dataset.fromArray(["1", "?", "3"]).map((text) => JSON.parse(text) as number).ignoreErrors();
   * assertEquals(await parsed.toArray(), [1, 3]);
   * ```
   */
  ignoreErrors(options?: ordering.IgnoreErrorsOptions): Dataset<T> {
    return new Dataset(ordering.ignoreErrorsNode(this.#node, options));
  }

  /**
   * Sets options for all operators before this one that do not say otherwise.
   *
   * @param options the options
   * @throws {InvalidArgumentError} if an option is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const anyOrder = Dataset.range(3).map((x) => x, { parallel: 3 }).withOptions({ deterministic: false });
   * assertEquals((await anyOrder.toArray()).toSorted(), [0, 1, 2]);
   * ```
   */
  withOptions(options: ordering.DatasetOptions): Dataset<T> {
    return new Dataset(ordering.optionsNode(this.#node, options));
  }

  // ---- with others -------------------------------------------------------------------------------------------

  /**
   * The elements of this dataset, then those of another.
   *
   * @param other the dataset that follows
   * @throws {InvalidArgumentError} if `other` is no dataset
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(2).concatenate(Dataset.fromArray(["end"])).toArray(), [0, 1, "end"]);
   * ```
   */
  concatenate<U>(other: Dataset<U>): Dataset<T | U> {
    return new Dataset(combining.concatenateNode([this.#node, combining.nodeOf("other", other)]));
  }

  /**
   * Tuples of one element of this dataset and one of each other, until the first of them ends.
   *
   * @param others further datasets
   * @throws {InvalidArgumentError} if one is no dataset
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(2).zip(Dataset.fromArray(["a", "b"])).toArray(), [[0, "a"], [1, "b"]]);
   * ```
   */
  zip<O extends readonly Dataset<unknown>[]>(
    ...others: O
  ): Dataset<[T, ...{ [K in keyof O]: ElementOf<O[K]> }]> {
    return new Dataset(combining.zipNode([this.#node, ...combining.nodesOf(others)]));
  }

  /**
   * What a transformation, such as {@linkcode distribute} gives, makes of this dataset.
   *
   * @param transformation a function from dataset to dataset; it is called at once, and does not travel
   * @throws {InvalidArgumentError} if it is no function, or gives something else than a dataset
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const evens = (numbers: Dataset<number>) => numbers.filter((x) => x % 2 === 0);
   * assertEquals(await Dataset.range(5).apply(evens).toArray(), [0, 2, 4]);
   * ```
   */
  apply<U>(transformation: (dataset: Dataset<T>) => Dataset<U>): Dataset<U> {
    checkFunction("transformation", transformation);
    const transformed = transformation(this);
    combining.nodeOf("the result of `transformation`", transformed);
    return transformed;
  }

  // ---- reading -----------------------------------------------------------------------------------------------

  /**
   * How many elements there are, as far as that shows without running anything: a number, or
   * {@linkcode INFINITE_CARDINALITY}, or {@linkcode UNKNOWN_CARDINALITY}.
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Dataset.range(10).batch(4).cardinality, 3);
   * assertEquals(Dataset.range(10).repeat().cardinality, -1);
   * assertEquals(Dataset.range(10).filter((x) => x > 5).cardinality, -2);
   * ```
   */
  get cardinality(): number {
    return cardinalityOf(this.#node);
  }

  /**
   * Begins a pass over the dataset.
   *
   * @param options a signal that ends it; a checkpoint that it goes on from
   * @throws {InvalidArgumentError} if an option is not valid, or the checkpoint is of another dataset
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertRejects } from "@std/assert";
   *
   * const reader = Dataset.range(10).reader({ signal: AbortSignal.abort(new Error("no time")) });
   * await assertRejects(() => reader.next(), Error, "no time");
   * ```
   */
  reader(options: ReaderOptions = {}): DatasetReader<T> {
    return this.#execution(checkReaderOptions(options));
  }

  #execution({ signal, checkpoint }: ReaderOptions): ExecutionReader<T> {
    const resume = checkpoint === undefined ? null : checkCheckpoint(checkpoint, this.#node);
    const open = (signal: AbortSignal, progress: () => Progress) => {
      const epoch = resume?.epoch ?? this.#epoch;
      this.#epoch = Math.max(this.#epoch, epoch + 1);
      return beginExecution<T>(this.#node, { Dataset, epoch, resume, signal, progress });
    };
    return new ExecutionReader(open, { clock: currentEnvironment().clock, ...(signal && { signal }) });
  }

  /**
   * Begins a pass over the dataset, for `for await`. Leaving the loop early ends the pass.
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * let sum = 0;
   * for await (const x of Dataset.range(4).repeat()) {
   *   if (sum > 10) break;
   *   sum += x;
   * }
   * assertEquals(sum, 12);
   * ```
   */
  [Symbol.asyncIterator](): DatasetReader<T> {
    return this.reader();
  }

  /**
   * Begins a pass over the dataset as a stream, for browsers and pipes. An element is made when the stream's reader
   * asks for it; cancelling the stream ends the pass.
   *
   * @param options a signal that ends it: reading then fails with its reason
   * @throws {InvalidArgumentError} if an option is not valid
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * const lines = Dataset.range(2).map((x) => `${x}\n`).stream().pipeThrough(new TextEncoderStream());
   * assertEquals(await new Response(lines).text(), "0\n1\n");
   * ```
   */
  stream(options: ReaderOptions = {}): ReadableStream<T> {
    return toReadableStream(this.reader(options));
  }

  /**
   * All elements of one pass. An infinite dataset fills the memory: cut it with {@linkcode Dataset.take}.
   *
   * @throws {SluiceError} whatever reading throws, see {@linkcode DatasetReader}
   *
   * @example
   * ```ts
   * import { Dataset } from "@sluice/data";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(await Dataset.range(3).toArray(), [0, 1, 2]);
   * ```
   */
  toArray(): Promise<T[]> {
    return collect(this.#execution({}));
  }

  /** What the dataset is made of, for Sluice itself. */
  get [GRAPH](): object {
    return this.#node;
  }
}
