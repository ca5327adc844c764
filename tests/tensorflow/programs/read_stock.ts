/** Reads a stock tf.data service as a program of Deno's does. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  DataLossError,
  Dataset,
  type Element,
  type FromTfDataServiceOptions,
  InvalidArgumentError,
  NotFoundError,
} from "../../../mod.ts";
import { PYTHON } from "../../bench/harness/installed.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, i) => BigInt(i));
const ascending = (elements: bigint[]) => elements.sort((a, b) => Number(a - b));

/** Runs all programs against stock_service.py. */
export async function readStock(): Promise<boolean> {
  const service = new Deno.Command(PYTHON, {
    args: [new URL("stock_service.py", import.meta.url).pathname],
    env: { TF_CPP_MIN_LOG_LEVEL: "3" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = service.stdin.getWriter();
  const lines = service.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value: address = "" } = await lines.read();
    await readAll(address.trim(), async () => {
      await input.write(new TextEncoder().encode("restart a worker\n"));
      await lines.read();
    });
    return true;
  } finally {
    service.kill("SIGKILL");
    await service.status;
  }
}

async function readAll(address: string, restartWorker: () => Promise<void>): Promise<void> {
  function read<T = Element>(
    datasetId: string,
    options: Partial<FromTfDataServiceOptions> = {},
  ): Dataset<T> {
    return Dataset.fromTfDataService<T>({
      address,
      datasetId,
      processingMode: "distributed_epoch",
      taskRefreshIntervalMs: 100,
      ...options,
    });
  }
  const programs: { readonly [name: string]: () => Promise<void> } = {
    async "every worker everything, and divided"() {
      const all = await read<bigint>("range", { processingMode: "parallel_epochs" }).toArray();
      assertEquals(ascending(all), upTo(10).flatMap((x) => [x, x]));
      for (const id of ["range", "range_snappy"]) {
        assertEquals(ascending(await read<bigint>(id).toArray()), upTo(10));
      }
    },
    async "records, texts and pairs"() {
      for (const id of ["records", "records_snappy"]) {
        const elements = await read<{ id: bigint }>(id).toArray();
        assertEquals(elements.sort((a, b) => Number(a.id - b.id))[3], {
          id: 3n,
          pair: [3, true],
          text: "té 3",
          vec: new Float32Array([3, 1]),
        } as { id: bigint });
      }
      for (const id of ["strings", "strings_snappy"]) {
        const rows = await read<string[]>(id).toArray();
        assertEquals(rows.sort(), [["a", ""], ["b", "ü".repeat(100)]]);
      }
    },
    async "tensors, halves and ragged rows"() {
      const images = await read<{ shape: number[]; data: Uint8Array }>("images_snappy").toArray();
      assertEquals(images.map(({ data }) => data[11]).sort((a, b) => a - b), upTo(20).map(Number));
      assertEquals(images[0].shape, [4, 3]);
      assertEquals(await read("halves").toArray(), [[
        new Float32Array([1.5, -2]),
        new Float16Array([1.5, -2]),
      ]]);
      assertEquals(await read("ragged_snappy").toArray(), [[
        new Int32Array([1]),
        new Int32Array([2, 3]),
        new Int32Array(),
      ]]);
    },
    async "bytes, and other kinds that are asked for"() {
      await assertRejects(() => read("bytes").toArray(), DataLossError, "elementSpec");
      const bytes = { kind: "typedArray", dtype: "uint8", length: null } as const;
      assertEquals(await read("bytes_snappy", { elementSpec: bytes }).toArray(), [new Uint8Array([255, 0])]);
      const numbers = await read<number>("range", { elementSpec: { kind: "number" } }).toArray();
      assertEquals(numbers.sort(), upTo(10).map(Number));
    },
    async "passes, shared jobs and pipelines"() {
      const dataset = read<bigint>("range");
      for (let pass = 0; pass < 3; pass++) assertEquals(ascending(await dataset.toArray()), upTo(10));
      const both = [1, 2].map(() => read<bigint>("range", { jobName: "shared" }).toArray());
      assertEquals(ascending((await Promise.all(both)).flat()), upTo(10));
      const sums = await read<bigint>("range").map((x) => Number(x)).batch(5).map((batch) =>
        batch.reduce((sum, x) => sum + x, 0)
      ).toArray();
      assertEquals(sums.reduce((sum, x) => sum + x, 0), 45);
    },
    async "errors"() {
      await assertRejects(() => read("failing").toArray(), InvalidArgumentError, "too large");
      await assertRejects(() => read("unknown").toArray(), NotFoundError, "unknown");
    },
    async "a worker that is gone for a while in the middle of a pass"() {
      await using reader = read<bigint>("many", { processingMode: "parallel_epochs" }).reader();
      const got = new Map<bigint, number>();
      for (let i = 0; i < 100; i++) {
        const { value } = await reader.next();
        got.set(value, (got.get(value) ?? 0) + 1);
      }
      await restartWorker();
      for await (const value of reader) got.set(value, (got.get(value) ?? 0) + 1);
      assertEquals(got.size, 2000);
    },
  };
  for (const [name, program] of Object.entries(programs)) {
    await program();
    console.log(`ok ${name}`);
  }
}
