/** What is sent through a service: the same elements as `peers/tf_service.py` makes, and sums that prove them. */

import { Dataset, type Tensor, type TypedArray } from "../../../mod.ts";

/** Elements of one kind. `n` is the number of elements that a reader gets. */
export interface Workload {
  /** The pipeline that workers run. */
  build(n: number): Dataset<unknown>;
  /** What a reader adds up of each element. */
  note(element: never): number;
  /** What `n` elements come to. */
  checksum(n: number): number;
  /** Bytes of an element. */
  bytes: number;
  /** What counts as an element in the table: those in a batch. */
  elements: number;
  /** With how many elements the first, short pass is made. */
  firstCount: number;
}

const PIXELS = 224 * 224 * 3;

const ends = ({ data }: Tensor) => {
  const numbers = data as Exclude<TypedArray, BigInt64Array | BigUint64Array>;
  return numbers[0] + numbers[numbers.length - 1];
};

const scalars = (n: number) => Dataset.range(n).map((i) => i * 2);

const tensors = (n: number) =>
  Dataset.range(n).map((i) => ({
    dtype: "float32" as const,
    shape: [224, 224, 3],
    data: new Float32Array(224 * 224 * 3).fill(i),
  }));

/** About 100 microseconds of arithmetic that gives its argument back. It travels as its source. */
export const burn = (x: number): number => {
  let h = x;
  for (let i = 0; i < 100_000; i++) h = (Math.imul(h, 1_664_525) + 1_013_904_223) | 0;
  return x + h % 1; // h is an integer: the sum stays that of x, and nobody can leave the loop out.
};

/** What `i % modulus` of 0 to n-1 comes to. */
function sumOfRemainders(n: number, modulus: number): number {
  const rest = n % modulus;
  return (n - rest) / modulus * (modulus * (modulus - 1) / 2) + rest * (rest - 1) / 2;
}

/** Every workload, by the name that a reader is asked for. */
export const WORKLOADS = {
  scalars: {
    build: scalars,
    note: (x: number) => x,
    checksum: (n) => n * (n - 1),
    bytes: 8,
    elements: 1,
    firstCount: 2_000,
  },
  strings: {
    build: (n) => Dataset.range(n).map((i) => String(i).padStart(100, "0")),
    note: (x: string) => x.length + x.charCodeAt(99),
    checksum: (n) => n * (100 + 48) + sumOfRemainders(n, 10),
    bytes: 100,
    elements: 1,
    firstCount: 2_000,
  },
  batches: {
    build: (n) => scalars(n * 256).batch(256),
    note: (x: Float64Array) => {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += x[i];
      return sum;
    },
    checksum: (n) => n * 256 * (n * 256 - 1),
    bytes: 8 * 256,
    elements: 256,
    firstCount: 100,
  },
  tensors: {
    build: tensors,
    note: ends,
    checksum: (n) => n * (n - 1),
    bytes: 4 * PIXELS,
    elements: 1,
    firstCount: 200,
  },
  large_batches: {
    build: (n) => tensors(n * 32).batch(32),
    note: ends,
    checksum: (n) => 32 * n * (n - 1) + 31 * n,
    bytes: 32 * 4 * PIXELS,
    elements: 1,
    firstCount: 10,
  },
  images: {
    build: (n) =>
      Dataset.range(n).map((i) => ({
        dtype: "uint8" as const,
        shape: [224, 224, 3],
        data: new Uint8Array(224 * 224 * 3).fill(i),
      })),
    note: ends,
    checksum: (n) => 2 * sumOfRemainders(n, 256),
    bytes: PIXELS,
    elements: 1,
    firstCount: 500,
  },
  /** A map that takes its time. */
  cpu: {
    build: (n) => Dataset.range(n).map(burn),
    note: (x: number) => x,
    checksum: (n) => n * (n - 1) / 2,
    bytes: 8,
    elements: 1,
    firstCount: 1_000,
  },
  /** The same with the map's own concurrency. */
  cpu_parallel: {
    build: (n) => Dataset.range(n).map(burn, { parallel: 8 }),
    note: (x: number) => x,
    checksum: (n) => n * (n - 1) / 2,
    bytes: 8,
    elements: 1,
    firstCount: 1_000,
  },
} satisfies Record<string, Workload>;

/** The name of a workload. */
export type WorkloadName = keyof typeof WORKLOADS;
