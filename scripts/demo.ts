/**
 * The main job, end to end: a dispatcher and workers in processes of their own prepare handwritten digits, and
 * this process trains a small classifier on what it reads from them.
 */

import type { Dataset } from "../mod.ts";
import { completeConfig, type Fields, InvalidArgumentError, messageOf } from "../src/base/mod.ts";
import { helpText, parseFlags } from "../src/cli/mod.ts";
import { Classifier } from "./demo/classifier.ts";
import { loadRecords, PIXELS, writeShards } from "./demo/digits.ts";
import { type Digits, digitsOf } from "./demo/pipeline.ts";
import { Processes, type ServerProcess } from "./demo/processes.ts";
import { EpochProgress } from "./demo/progress.ts";

const HELD_BACK = 2_000;
const SHARDS = 16;

const FIELDS: Fields = {
  workers: { kind: "integer", min: 1, max: 64, default: 2, help: "Number of worker processes" },
  epochs: { kind: "integer", min: 1, max: 1_000, default: 3, help: "Number of passes over the data" },
  mode: {
    kind: "choice",
    choices: ["distributed_epoch", "parallel_epochs"],
    default: "distributed_epoch",
    help: "Whether workers share the records of an epoch or each gives all of them",
  },
};

interface DemoOptions {
  workers: number;
  epochs: number;
  mode: "distributed_epoch" | "parallel_epochs";
}

/** What one epoch brought: how often each record came, and how many each worker gave. */
class Count {
  readonly records: Uint8Array;
  readonly ofWorker = new Map<number, number>();

  constructor(records: number) {
    this.records = new Uint8Array(records);
  }

  add(numbers: ArrayLike<number>, workers: ArrayLike<number>): void {
    for (let i = 0; i < numbers.length; i++) {
      this.records[numbers[i]]++;
      this.ofWorker.set(workers[i], (this.ofWorker.get(workers[i]) ?? 0) + 1);
    }
  }

  /** One line: who gave how many, and whether every record came as often as it should. */
  summary(workers: readonly ServerProcess[], times: number): string {
    const wrong = this.records.filter((count) => count !== times).length;
    const shares = workers.map(({ name, pid }) => `${name} gave ${this.ofWorker.get(pid) ?? 0}`).join(", ");
    const often = times === 1 ? "exactly once" : `exactly ${times} times`;
    return `  ${shares}; ${
      wrong === 0
        ? `each of ${this.records.length} records arrived ${often}`
        : `${wrong} records did not arrive ${often}`
    }`;
  }
}

async function trainOneEpoch(
  title: string,
  dataset: Dataset<Digits>,
  model: Classifier,
  count: Count,
  expected: number,
  signal: AbortSignal,
): Promise<void> {
  const progress = new EpochProgress(title, expected);
  let loss = 0;
  let batches = 0;
  try {
    for await (const batch of dataset.stream({ signal })) {
      loss += model.train(batch.images.data, batch.labels);
      batches++;
      count.add(batch.numbers, batch.workers);
      progress.add(batch.labels.length, loss / batches);
    }
  } catch (error) {
    progress.stop();
    throw error;
  }
  progress.end(loss / batches);
}

function accuracyOf(model: Classifier, records: readonly Uint8Array[]): number {
  const right = records.filter((record) => {
    const image = Float32Array.from(record.subarray(5, 5 + PIXELS), (pixel) => pixel / 255);
    return model.classify(image) === record[4];
  });
  return right.length / records.length;
}

async function demo(
  { workers, epochs, mode }: DemoOptions,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const records = await loadRecords();
  const training = records.slice(0, records.length - HELD_BACK);
  await writeShards(directory, training, SHARDS);
  console.log(`${training.length} digits in ${SHARDS} TFRecord files, ${HELD_BACK} held back`);

  await using processes = new Processes();
  const dispatcher = await processes.start("dispatcher", "dispatcher.ts");
  const running = await Promise.all(
    Array.from(
      { length: workers },
      (_, i) =>
        processes.start(
          `worker ${i + 1}`,
          "worker.ts",
          "--dispatcher-address",
          dispatcher.address,
          // Its tasks may read the digits and nothing else.
          `--allow-read=${directory}`,
        ),
    ),
  );
  for (const { name, pid, address } of [dispatcher, ...running]) {
    console.log(`${name} at ${address} (process ${pid})`);
  }

  const copies = mode === "parallel_epochs" ? workers : 1;
  const dataset = digitsOf(`${directory}/train-*.tfrecord`, dispatcher.target, mode);
  const model = new Classifier(1);
  const lost = new AbortController();
  processes.lost.catch((error) => lost.abort(error));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const count = new Count(training.length);
    const title = `Epoch ${epoch} of ${epochs}`;
    const expected = training.length * copies;
    await trainOneEpoch(title, dataset, model, count, expected, AbortSignal.any([signal, lost.signal]));
    console.log(count.summary(running, copies));
  }
  const accuracy = accuracyOf(model, records.slice(-HELD_BACK));
  console.log(`Accuracy on the ${HELD_BACK} held-back digits: ${(accuracy * 100).toFixed(1)} %`);
}

/** Runs the demo and gives the exit status. */
async function main(): Promise<number> {
  let options: DemoOptions;
  try {
    const flags = parseFlags(Deno.args, FIELDS, (name) => Deno.env.get(name));
    if (flags.help) {
      console.log(
        helpText("demo", "Trains a digit classifier on data that other processes prepare.", FIELDS),
      );
      return 0;
    }
    options = completeConfig("flags", FIELDS, flags.config) as unknown as DemoOptions;
  } catch (error) {
    console.error(`demo: ${messageOf(error)}`);
    return error instanceof InvalidArgumentError ? 2 : 1;
  }
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupted.abort(new Error(`Ended by ${signal}`)));
  }
  const directory = await Deno.makeTempDir({ prefix: "sluice-demo-" });
  try {
    await demo(options, directory, interrupted.signal);
    return 0;
  } catch (error) {
    console.error(`demo: ${messageOf(error)}`);
    return interrupted.signal.aborted ? 130 : 1;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
