import { isPromise, type MaybePromise, mixSeeds } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import {
  type FunctionRef,
  type GraphNode,
  planGraph,
  type PlannedNode,
  type UserFunction,
} from "../graph/mod.ts";
import { build } from "./build.ts";
import type { SplitSupply } from "./context.ts";
import { functionRefs } from "./function_refs.ts";
import type { ElementIterator } from "./iterator.ts";
import { Numbered } from "./numbered.ts";
import { type Conditions, Place } from "./place.ts";
import type { Run } from "./run.ts";
import { dynamicallyRead, ordinalsOf, placesOf } from "./plan_places.ts";
import type { Settlement } from "./settlement.ts";
import type { Tracking } from "./tracking.ts";

/** How a graph is run. */
export interface PipelineOptions {
  /** Where sources ask for their input. @default they give all they have */
  splits?: SplitSupply | undefined;
  /** What of the inputs has come to the program, where that is asked. @default nobody asks */
  settlement?: Settlement | undefined;
  /** Where it is noted what the root's elements consumed. @default nowhere */
  tracking?: Tracking | null;
  /** What chance comes from. @default the seed of the run */
  seed?: number | undefined;
  /** Whether parallel operators keep order whatever the graph says: others rely on it. @default false */
  isOrdered?: boolean;
  /** Tells the chance of nested datasets apart. @default 0, the dataset that is executed */
  seedPath?: number;
  /** Whether parallel operators keep order where nothing in the graph says otherwise. @default true */
  deterministic?: boolean;
}

/** A planned graph while it runs: the memory that outlives the passes of a `repeat`. */
export class Pipeline {
  /** The execution that it belongs to. */
  readonly run: Run;
  /** Where split sources get their input from. */
  readonly splits: SplitSupply | undefined;
  /** What of the inputs has come to the program, where that is asked. */
  readonly settlement: Settlement | undefined;
  /** What chance comes from in a nested dataset that others must be able to make again; undefined: the run's seed. */
  readonly seed: number | undefined;
  /** Whether parallel operators keep order whatever the graph says. */
  readonly isOrdered: boolean;
  readonly #root: PlannedNode;
  readonly #deterministic: boolean;
  readonly #tracking: Tracking | null;
  readonly #seedPath: number;
  #ordinals: Map<PlannedNode, number> | null = null;
  /** With a settlement: the places that read what comes in another order each time. */
  readonly #dynamic: ReadonlySet<PlannedNode>;
  readonly #functions = new Map<FunctionRef, UserFunction>();
  readonly #builds = new Map<PlannedNode, number>();
  readonly #memories = new Map<PlannedNode, unknown>();

  /** Plans `root`. */
  constructor(root: GraphNode, run: Run, options: PipelineOptions = {}) {
    const { splits, settlement, tracking = null, deterministic = true, seedPath = 0 } = options;
    this.seed = options.seed;
    this.isOrdered = options.isOrdered ?? false;
    this.run = run;
    this.splits = splits;
    this.settlement = settlement;
    this.#deterministic = deterministic;
    this.#tracking = tracking;
    this.#seedPath = seedPath;
    this.#root = planGraph(root);
    this.#dynamic = settlement ? dynamicallyRead(this.#root) : new Set();
  }

  /** Loads the user functions and builds the operators. A promise only where a module has to be loaded. */
  start(): MaybePromise<ElementIterator<Element>> {
    const loading: Promise<unknown>[] = [];
    for (const planned of placesOf(this.#root)) {
      for (const ref of functionRefs(planned.node)) {
        const loaded = this.#load(ref);
        if (loaded) loading.push(loaded);
      }
    }
    if (loading.length === 0) return this.#buildRoot();
    return Promise.all(loading).then(() => this.#buildRoot());
  }

  #buildRoot(): ElementIterator<Element> {
    return this.build(this.#root, { deterministic: this.#deterministic, tracking: this.#tracking });
  }

  #load(ref: FunctionRef): Promise<unknown> | undefined {
    try {
      const fn = this.run.context.functions.resolve(ref);
      if (isPromise(fn)) return fn.then((loaded) => this.#functions.set(ref, loaded));
      this.#functions.set(ref, fn);
    } catch (error) {
      // Not thrown at once: modules that are loading may fail too, and somebody must be there to see it.
      return Promise.reject(error);
    }
  }

  /** Builds the operator at `planned` and all below it. */
  build(planned: PlannedNode, conditions: Conditions): ElementIterator<Element> {
    const { tracking } = conditions;
    if (!this.settlement || !tracking || this.#dynamic.has(planned)) {
      return build(new Place(this, planned, conditions));
    }
    const place = new Place(this, planned, { ...conditions, tracking: null });
    return new Numbered(build(place), { ledger: tracking.ledger, ...place.settled(this.settlement) });
  }

  /** Begins a dataset that a user function made. It is not split: whoever made it reads it all. */
  openNested(
    root: GraphNode,
    options: Pick<PipelineOptions, "deterministic" | "seed" | "isOrdered" | "seedPath">,
  ): MaybePromise<ElementIterator<Element>> {
    return new Pipeline(root, this.run, options).start();
  }

  /** A seed for the pass number `pass` at `planned`: the same in each execution whose random port gives the same. */
  seedOf(planned: PlannedNode, pass: number): number {
    return mixSeeds(this.seed ?? this.run.seed, this.#seedPath, this.ordinalOf(planned), pass);
  }

  /** A number for each place, the same in each run of the graph. */
  ordinalOf(planned: PlannedNode): number {
    this.#ordinals ??= ordinalsOf(this.#root);
    return this.#ordinals.get(planned)!;
  }

  /** Counts a build of `planned` and says how many there were before. */
  countBuild(planned: PlannedNode): number {
    const before = this.#builds.get(planned) ?? 0;
    this.#builds.set(planned, before + 1);
    return before;
  }

  /** A loaded user function. */
  functionOf(ref: FunctionRef): UserFunction {
    return this.#functions.get(ref)!;
  }

  /** What the operator at `planned` keeps from pass to pass; `make` gives it in the first one. */
  memory<T>(planned: PlannedNode, make: () => T): T {
    if (!this.#memories.has(planned)) this.#memories.set(planned, make());
    return this.#memories.get(planned) as T;
  }
}
