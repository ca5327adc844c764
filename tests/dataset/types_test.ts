import { assertEquals } from "@std/assert";
import type { Batched } from "../../src/dataset/batched.ts";
import { Dataset } from "../../src/dataset/dataset.ts";
import { distribute } from "../../src/dataset/distribute.ts";
import type { ElementOf } from "../../src/dataset/element_of.ts";
import type { FunctionContext } from "../../src/dataset/function_context.ts";
import type { PaddedBatched } from "../../src/dataset/padded_batched.ts";
import type { DatasetReader } from "../../src/dataset/reader.ts";
import type { Slice } from "../../src/dataset/slice.ts";
import { udf } from "../../src/dataset/udf.ts";
import type { Unbatched } from "../../src/dataset/unbatched.ts";
import type { Tensor } from "../../src/element/mod.ts";

/** `true` if both types are the same, `never` otherwise. */
type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends (<X>() => X extends B ? 1 : 2) ? true : never;

/** Compiles only for two types that are the same. */
function same<A, B>(..._proof: Equal<A, B>[]): void {}

// The compiler is what tests here: each body only has to compile, and a wrong `@ts-expect-error` is an error.
const numbers = Dataset.range(3);
const words = Dataset.fromArray(["a"]);

Deno.test("types: sources know their elements", () => {
  same<typeof numbers, Dataset<number>>(true);
  same<typeof words, Dataset<string>>(true);
  same<ElementOf<typeof numbers>, number>(true);
  same<ReturnType<typeof Dataset.random>, Dataset<number>>(true);
  same<ReturnType<typeof Dataset.tfrecord>, Dataset<Uint8Array>>(true);
  same<ReturnType<typeof Dataset.textLines>, Dataset<string>>(true);
  const generated = Dataset.fromGenerator(function* () {
    yield 1n;
  });
  same<typeof generated, Dataset<bigint>>(true);
  const later = Dataset.fromGenerator(async function* ({ captures }) {
    yield await Promise.resolve(captures.text);
  }, { captures: { text: "x" } });
  same<typeof later, Dataset<string>>(true);
  const rows = Dataset.csv<{ age: number }>("data:,age", { types: { age: "number" } });
  same<typeof rows, Dataset<{ age: number }>>(true);
  // @ts-expect-error: a dataset of names, not of numbers
  assertEquals(Dataset.textLines(words).cardinality, Dataset.textLines(numbers).cardinality);
});

Deno.test("types: a dataset stands for one of a wider type only", () => {
  const wider: Dataset<number | string> = numbers;
  const widest: Dataset<unknown> = words;
  // @ts-expect-error: an element may be a string
  const narrower: Dataset<number> = wider;
  assertEquals([wider, widest, narrower], [numbers, words, numbers]);
});

Deno.test("types: batches", () => {
  same<Batched<number>, Float64Array>(true);
  same<Batched<1 | 2>, Float64Array>(true);
  same<Batched<bigint>, BigInt64Array>(true);
  same<Batched<boolean>, boolean[]>(true);
  same<Batched<string>, string[]>(true);
  same<Batched<null>, null[]>(true);
  same<Batched<Float64Array>, Tensor<Float64Array>>(true);
  same<Batched<Tensor<Uint8Array>>, Tensor<Uint8Array>>(true);
  same<Batched<{ x: number; y: { z: string } }>, { x: Float64Array; y: { z: string[] } }>(true);
  same<Batched<readonly [number, string]>, [Float64Array, string[]]>(true);
  same<Batched<string[]>, string[][]>(true);
  same<Batched<unknown>, unknown>(true);
  // deno-lint-ignore no-explicit-any -- that any stays any is what is tested
  same<Batched<any>, any>(true);
  const batches = numbers.batch(2).batch(2);
  same<typeof batches, Dataset<Tensor<Float64Array>>>(true);
});

Deno.test("types: padded batches", () => {
  same<PaddedBatched<number>, Float64Array>(true);
  same<PaddedBatched<number[]>, Tensor<Float64Array>>(true);
  same<PaddedBatched<number[][]>, Tensor<Float64Array>>(true);
  same<PaddedBatched<bigint[]>, Tensor<BigInt64Array>>(true);
  same<PaddedBatched<string[]>, string[][]>(true);
  same<PaddedBatched<{ x: number[]; y: Uint8Array }>, { x: Tensor<Float64Array>; y: Tensor<Uint8Array> }>(
    true,
  );
  same<PaddedBatched<[number[], string]>, [Tensor<Float64Array>, string[]]>(true);
});

Deno.test("types: parts and slices", () => {
  same<Unbatched<Float64Array>, number>(true);
  same<Unbatched<BigInt64Array>, bigint>(true);
  same<Unbatched<string[]>, string>(true);
  same<Unbatched<[Float64Array, string[]]>, [number, string]>(true);
  same<Unbatched<{ x: Float32Array }>, { x: number }>(true);
  same<Unbatched<Tensor<Float32Array>>, number | Float32Array | Tensor<Float32Array>>(true);
  same<Slice<Float32Array>, number>(true);
  same<Slice<number[][]>, number[]>(true);
  same<Slice<{ x: number[]; y: BigUint64Array }>, { x: number; y: bigint }>(true);
  same<Slice<Tensor<Uint8Array>>, number | boolean | Tensor<Uint8Array>>(true);
  const again = numbers.batch(2).unbatch();
  same<typeof again, Dataset<number>>(true);
  const slices = Dataset.fromTensorSlices({ x: new Float32Array(2), name: ["a", "b"] });
  same<typeof slices, Dataset<{ x: number; name: string }>>(true);
});

Deno.test("types: functions see elements, captures and the builder", () => {
  const doubled = numbers.map((x) => x * 2);
  same<typeof doubled, Dataset<number>>(true);
  const awaited = numbers.map(async (x) => await Promise.resolve(`${x}`), { parallel: 2 });
  same<typeof awaited, Dataset<string>>(true);
  const captured = numbers.map((x, { captures }) => captures.names[x], { captures: { names: ["a"] } });
  same<typeof captured, Dataset<string>>(true);
  numbers.map((x, context) => {
    same<typeof context, FunctionContext<unknown>>(true);
    same<typeof context.signal, AbortSignal>(true);
    return x;
  });
  const inner = numbers.flatMap((x, { Dataset }) => Dataset.range(x).map((y) => `${y}`));
  same<typeof inner, Dataset<string>>(true);
  const mixed = numbers.interleave((x) => [x, `${x}`]);
  same<typeof mixed, Dataset<string | number>>(true);
  const sums = numbers.scan(0n, (sum, x) => [sum + BigInt(x), `${sum}`]);
  same<typeof sums, Dataset<string>>(true);
  const windows = numbers.groupByWindow({
    key: (x) => `${x % 2}`,
    reduce: (key, window) => window.map((x) => ({ key, x })),
    size: (key) => key.length,
  });
  same<typeof windows, Dataset<{ key: string; x: number }>>(true);
  // @ts-expect-error: a number has no length
  numbers.map((x) => x.length);
});

Deno.test("types: filters narrow", () => {
  const mixed = Dataset.fromArray<number | string | null>([1, "a", null]);
  const texts = mixed.filter((x) => typeof x === "string");
  same<typeof texts, Dataset<string>>(true);
  const some = mixed.filter((x) => x !== null).takeWhile((x): x is number => typeof x === "number");
  same<typeof some, Dataset<number>>(true);
  const even = numbers.filter((x) => x % 2);
  same<typeof even, Dataset<number>>(true);
});

Deno.test("types: several datasets", () => {
  const zipped = Dataset.zip(numbers, words, words.batch(2));
  same<typeof zipped, Dataset<[number, string, string[]]>>(true);
  const methodZipped = numbers.zip(words, numbers);
  same<typeof methodZipped, Dataset<[number, string, number]>>(true);
  const row = Dataset.concatenate(numbers, words);
  same<typeof row, Dataset<string | number>>(true);
  const both = numbers.concatenate(words);
  same<typeof both, Dataset<string | number>>(true);
  const sampled = Dataset.sampleFromDatasets([numbers, words]);
  same<typeof sampled, Dataset<string | number>>(true);
  const chosen = Dataset.chooseFromDatasets([numbers, words], numbers);
  same<typeof chosen, Dataset<string | number>>(true);
  const counted = words.enumerate();
  same<typeof counted, Dataset<[number, string]>>(true);
  const windows = words.window(2);
  same<typeof windows, Dataset<string[]>>(true);
});

Deno.test("types: distribute and readers keep the element", () => {
  const remote = words.apply(distribute({ processingMode: 0, service: "localhost:1" }));
  same<typeof remote, Dataset<string>>(true);
  same<ReturnType<typeof words.reader>, DatasetReader<string>>(true);
  same<ReturnType<typeof words.stream>, ReadableStream<string>>(true);
  same<ReturnType<typeof words.toArray>, Promise<string[]>>(true);
  const lengths = words.apply((dataset) => dataset.map((word) => word.length));
  same<typeof lengths, Dataset<number>>(true);
});

Deno.test("types: a function by reference has the type of the function", () => {
  type Module = { decode(line: string): { x: number }; other: string };
  const decoded = words.map(udf<Module, "decode">("data:text/javascript,", "decode"));
  same<typeof decoded, Dataset<{ x: number }>>(true);
  // @ts-expect-error: the module has no such export
  udf<Module, "encode">("data:text/javascript,", "encode");
  words.map(udf("data:text/javascript,", "anything"));
});
