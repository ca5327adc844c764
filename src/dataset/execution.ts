import { RangeSet, SeededRandom } from "../base/mod.ts";
import { consumedOf, consumedText, createDataServiceReader, type ServiceReaders } from "../client/mod.ts";
import {
  type DatasetBuilder,
  DONE,
  type ElementIterator,
  execute,
  type ExecutionContext,
  type FunctionRuntime,
  servicesOf,
  type SettledBefore,
  Settlement,
} from "../executor/mod.ts";
import { ConsumedSet } from "../element/mod.ts";
import { createFunctionRuntime, type DataServiceNode, type GraphNode, ShardingPolicy } from "../graph/mod.ts";
import { type Checkpoint, makeCheckpoint } from "./checkpoint.ts";
import { type CheckpointPlan, checkpointPlan, requirePlan } from "./checkpoint_plan.ts";
import { currentEnvironment, type Environment } from "./environment.ts";
import { begunPasses, ServicePasses, type SettledOf } from "./service_passes.ts";

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

/** How far a program has come in a pass. */
export interface Progress {
  /** How many elements it has got. */
  readonly taken: number;
  /** Whether it has heard that there are no more. */
  readonly ended: boolean;
}

/** A pass over a dataset in this process. */
export interface Execution<T> {
  readonly iterator: ElementIterator<T>;
  /** To be called whenever the program has got the element that the iterator gave last; null: nobody need know. */
  readonly settle: (() => void) | null;
  /**
   * Where it stands.
   *
   * @throws {FailedPreconditionError} if nothing says what was taken
   */
  checkpoint(): Checkpoint;
}

/** How a pass is begun. */
export interface ExecutionOptions {
  readonly Dataset: DatasetBuilder;
  /** Which pass over the dataset it is, from 0. */
  readonly epoch: number;
  /** Where it goes on; null: at the beginning. */
  readonly resume: Checkpoint | null;
  readonly signal: AbortSignal;
  /** How far the program has come in what the execution gives. */
  readonly progress: () => Progress;
}

/** Prepares to execute a graph in this process, in the environment that is installed now. */
export function beginExecution<T>(
  root: GraphNode,
  { Dataset, epoch, resume, signal, progress }: ExecutionOptions,
): Execution<T> {
  const environment = currentEnvironment();
  const { clock, log, files, tfDataService } = environment;
  const { functions, dataService } = runtimeOf(environment);
  const plan = checkpointPlan(root);
  if (resume !== null) requirePlan(plan);
  if (resume?.finished) return finishedExecution(root, { resume, dataService, signal });
  const seed = resume?.seed ?? environment.random.uint32();
  const settlement = plan.kind === "settlement" ? new Settlement(settledBefore(resume)) : null;
  const passes = new ServicePasses({
    dataService,
    resumed: resume?.services ?? [],
    settledOf: settledOf(plan, settlement, progress),
    keepsAll: plan.kind === "position",
  });
  const context: ExecutionContext = {
    Dataset,
    epoch,
    signal,
    clock,
    log,
    files,
    functions,
    random: new SeededRandom(seed),
    ...(tfDataService && { tfDataService }),
    ...(settlement && { settlement }),
    dataService: (node, pass) => passes.open(node, pass),
  };
  const skip = resume !== null && plan.kind === "position" ? resume.taken : 0;
  return {
    // What the graph's elements are, its builder knows: the executor sees elements of any kind.
    iterator: execute(root, context, { skip }) as ElementIterator<T>,
    settle: settlement && (() => settlement.settle()),
    checkpoint: () => {
      requirePlan(plan);
      const { taken, ended } = progress();
      return makeCheckpoint(root, {
        taken: (resume?.taken ?? 0) + taken,
        seed,
        epoch,
        finished: ended,
        services: passes.places(),
        settled: settlement ? localText(root, settlement) : "",
      });
    },
  };
}

function settledBefore(resume: Checkpoint | null): SettledBefore | undefined {
  if (resume === null) return undefined;
  return { consumed: consumedOf("checkpoint.settled", resume.settled), begun: begunPasses(resume.services) };
}

function settledOf(plan: CheckpointPlan, settlement: Settlement | null, progress: () => Progress): SettledOf {
  // A service that gives the same again is read again from its beginning: what the program has is left out here.
  const nothing = new RangeSet();
  if (settlement) {
    return (node, { at, pass }) => isDynamic(node) ? settlement.numbersOf(at, pass) : nothing;
  }
  switch (plan.kind) {
    case "position":
      return () => nothing;
    case "lockstep":
      return (_node, _pass, before) =>
        new RangeSet([{ start: 0, end: before + progress().taken * plan.elements }]);
    default:
      return null;
  }
}

/** What is settled of inputs that give the same again. What of dynamically sharded ones is, the services know by other names. */
function localText(root: GraphNode, settlement: Settlement): string {
  const services = servicesOf(root);
  const local = settlement.consumed.sources().filter(({ source }) => {
    const service = services.get(source);
    return service === undefined || !isDynamic(service);
  });
  return consumedText(new ConsumedSet(local));
}

function isDynamic({ options }: DataServiceNode): boolean {
  return options.shardingPolicy === ShardingPolicy.DYNAMIC;
}

/** A pass whose program had come to the end. */
function finishedExecution<T>(
  root: GraphNode,
  { resume, dataService, signal }: {
    resume: Checkpoint;
    dataService: ServiceReaders;
    signal: AbortSignal;
  },
): Execution<T> {
  const end = async (): Promise<typeof DONE> => {
    const services = servicesOf(root);
    for (const { at, place } of resume.services) {
      // The next pass over the dataset is to read the services' next passes.
      const reading = dataService(services.get(at)!, { signal, resume: { ...place, finished: true } });
      await reading.next();
      await reading.close();
    }
    return DONE;
  };
  return { iterator: { next: end, close: () => {} }, settle: null, checkpoint: () => resume };
}
