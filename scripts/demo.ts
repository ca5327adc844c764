/**
 * The main job, end to end: a dispatcher and workers in processes of their own prepare handwritten digits, and
 * this process trains a small classifier on what it reads from them. A process that ends is started again.
 */

import { completeConfig, type Fields, InvalidArgumentError, messageOf } from "../src/base/mod.ts";
import { helpText, parseFlags } from "../src/cli/mod.ts";
import { Classifier } from "./demo/classifier.ts";
import { loadRecords, PIXELS, writeShards } from "./demo/digits.ts";
import { judge, runEpoch } from "./demo/epoch.ts";
import { digitsOf, type Mode } from "./demo/pipeline.ts";
import { Screen } from "./demo/screen.ts";
import { startService } from "./demo/service.ts";

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
  recordsPerSecond: {
    kind: "integer",
    min: 1,
    help: "Learns no faster, so that there is time to kill something; default: as fast as it can",
  },
};

interface DemoOptions {
  workers: number;
  epochs: number;
  mode: Mode;
  recordsPerSecond?: number;
}

function accuracyOf(model: Classifier, records: readonly Uint8Array[]): number {
  const right = records.filter((record) => {
    const image = Float32Array.from(record.subarray(5, 5 + PIXELS), (pixel) => pixel / 255);
    return model.classify(image) === record[4];
  });
  return right.length / records.length;
}

async function demo(options: DemoOptions, directory: string, interrupted: AbortSignal): Promise<void> {
  const { workers, epochs, mode, recordsPerSecond } = options;
  using screen = new Screen();
  const records = await loadRecords();
  const training = records.slice(0, records.length - HELD_BACK);
  const digits = `${directory}/digits`;
  await Deno.mkdir(digits);
  await writeShards(digits, training, SHARDS);
  screen.print(`${training.length} digits in ${SHARDS} TFRecord files, ${HELD_BACK} held back`);

  await using service = await startService({ directory, digits, workers, screen });
  const lost = new AbortController();
  service.failed.catch((error) => lost.abort(error));
  const signal = AbortSignal.any([interrupted, lost.signal]);
  signal.throwIfAborted();

  const dataset = digitsOf(`${digits}/train-*.tfrecord`, service.target, mode);
  const model = new Classifier(1);
  const copies = mode === "parallel_epochs" ? workers : 1;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const title = `Epoch ${epoch} of ${epochs}`;
    const before = service.workers.map((name) => service.endsOf(name));
    const count = await runEpoch({
      title,
      dataset,
      model,
      screen,
      records: training.length,
      copies,
      recordsPerSecond,
      signal,
    });
    const ended = service.workers.filter((name, i) => service.endsOf(name) > before[i]);
    const { summary, isBroken } = judge(count, { workers: service.workers, copies, mode, ended });
    screen.print(summary);
    if (isBroken) throw new Error(`"${mode}" did not bring what it promises`);
  }
  const accuracy = accuracyOf(model, records.slice(-HELD_BACK));
  screen.print(`Accuracy on the ${HELD_BACK} held-back digits: ${(accuracy * 100).toFixed(1)} %`);
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
  const directory = await Deno.makeTempDir({ prefix: "sluice-" });
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
