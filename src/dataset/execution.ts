import { SeededRandom } from "../base/mod.ts";
import {
  createDataServiceReader,
  type ServiceCheckpoint,
  type ServiceReaders,
  type ServiceReading,
} from "../client/mod.ts";
import { type DatasetBuilder, type ElementIterator, execute, type FunctionRuntime } from "../executor/mod.ts";
import { createFunctionRuntime, type DataServiceNode, type GraphNode } from "../graph/mod.ts";
import { type Checkpoint, checkpointSource, makeCheckpoint } from "./checkpoint.ts";
import { currentEnvironment, type Environment } from "./environment.ts";

interface Runtime {
  readonly functions: FunctionRuntime;
  readonly dataService: ServiceReaders;
}

// Modules that were loaded, and datasets that were registered, are remembered as long as their environment.
const runtimes = new WeakMap<Environment, Runtime>();

function runtimeOf(environment: Environment): Runtime {
  let runtime = runtimes.get(environment);
  if (runtime === undefined) {
    runtime = { functions: createFunctionRuntime(), dataService: createDataServiceReader(environment) };
    runtimes.set(environment, runtime);
  }
  return runtime;
}

/** A pass over a dataset in this process. */
export interface Execution<T> {
  readonly iterator: ElementIterator<T>;
  /**
   * Where it stands when the program has got `taken` elements of it, the last of them the last that it gave.
   *
   * @throws {FailedPreconditionError} if nothing says what was taken
   */
  checkpoint(taken: number): Checkpoint;
}

/** How a pass is begun. */
export interface ExecutionOptions {
  readonly Dataset: DatasetBuilder;
  /** Which pass over the dataset it is, from 0. */
  readonly epoch: number;
  /** Where it goes on; null: at the beginning. */
  readonly resume: Checkpoint | null;
  readonly signal: AbortSignal;
}

/** Prepares to execute a graph in this process, in the environment that is installed now. */
export function beginExecution<T>(
  root: GraphNode,
  { Dataset, epoch, resume, signal }: ExecutionOptions,
): Execution<T> {
  const environment = currentEnvironment();
  const { clock, log, files, tfDataService } = environment;
  const { functions, dataService } = runtimeOf(environment);
  const seed = resume?.seed ?? environment.random.uint32();
  const source = resume === null ? null : checkpointSource(root);
  let reading: { readonly node: DataServiceNode; readonly reader: ServiceReading } | null = null;
  const context = {
    Dataset,
    epoch,
    signal,
    clock,
    log,
    files,
    functions,
    random: new SeededRandom(seed),
    tfDataService,
    dataService: (node: DataServiceNode, { signal }: { readonly signal: AbortSignal }) => {
      const reader = dataService(node, { signal, resume: node === source ? resume!.service : null });
      reading = { node, reader };
      return reader;
    },
  };
  const position = (node: DataServiceNode): ServiceCheckpoint | null =>
    reading?.node === node ? reading.reader.checkpoint() : resume?.service ?? null;
  const skip = resume !== null && source === null ? resume.taken : 0;
  return {
    // What the graph's elements are, its builder knows: the executor sees elements of any kind.
    iterator: execute(root, context, { skip }) as ElementIterator<T>,
    checkpoint: (taken) => {
      const node = checkpointSource(root);
      const service = node === null ? null : position(node);
      return makeCheckpoint(root, { taken: (resume?.taken ?? 0) + taken, seed, epoch, service });
    },
  };
}
