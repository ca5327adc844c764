import { createDataServiceReader } from "../client/mod.ts";
import {
  type DataServiceReader,
  type DatasetBuilder,
  type ElementIterator,
  execute,
  type FunctionRuntime,
} from "../executor/mod.ts";
import { createFunctionRuntime, type GraphNode } from "../graph/mod.ts";
import { currentEnvironment, type Environment } from "./environment.ts";

interface Runtime {
  readonly functions: FunctionRuntime;
  readonly dataService: DataServiceReader;
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

/** Begins to execute a graph in this process, in the environment that is installed now. */
export function beginExecution<T>(
  root: GraphNode,
  options: { Dataset: DatasetBuilder; epoch: number; signal: AbortSignal },
): ElementIterator<T> {
  const environment = currentEnvironment();
  const { clock, random, log, files } = environment;
  const context = { ...options, ...runtimeOf(environment), clock, random, log, files };
  // What the graph's elements are, its builder knows: the executor sees elements of any kind.
  return execute(root, context) as ElementIterator<T>;
}
