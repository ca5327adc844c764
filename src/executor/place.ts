import { type MaybePromise, mixSeeds, type Range } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { FunctionRef, GraphNode, PlannedNode } from "../graph/mod.ts";
import { BoundFunction } from "./bound_function.ts";
import type { ExecutionContext, SplitSupply } from "./context.ts";
import { functionContext } from "./function_context.ts";
import type { ElementIterator } from "./iterator.ts";
import type { Pipeline } from "./pipeline.ts";
import { Counter } from "./counter.ts";
import type { Run } from "./run.ts";
import type { Settlement } from "./settlement.ts";
import { SplitPass, type Tracking } from "./tracking.ts";

/** What an operator is built under. */
export interface Conditions {
  /** Whether parallel operators here keep order unless they say otherwise. */
  readonly deterministic: boolean;
  /** Where it is noted what the elements that come out here consumed; null: nowhere. */
  readonly tracking: Tracking | null;
}

/** Where an operator stands in the plan while it is built: the way to its inputs and to what the pipeline shares. */
export class Place {
  /** The pipeline that is being built. */
  readonly pipeline: Pipeline;
  /** The node with its inputs in the plan. */
  readonly planned: PlannedNode;
  /** Whether parallel operators here keep order unless they say otherwise. */
  readonly deterministic: boolean;
  /** Where it is noted what the elements that come out here consumed; null: nowhere. */
  readonly tracking: Tracking | null;
  /** How often this place was built before: 0, then 1 more with each pass of a `repeat` above. */
  readonly pass: number;
  #nested = 0;

  /** Stands at `planned`; counts the build. */
  constructor(pipeline: Pipeline, planned: PlannedNode, { deterministic, tracking }: Conditions) {
    this.pipeline = pipeline;
    this.planned = planned;
    this.deterministic = deterministic;
    this.tracking = tracking;
    this.pass = pipeline.countBuild(planned);
  }

  /** The execution that the pipeline belongs to. */
  get run(): Run {
    return this.pipeline.run;
  }

  /** What the execution was given. */
  get context(): ExecutionContext {
    return this.pipeline.run.context;
  }

  /** Where the source at this place gets its splits from; undefined: it gives all it has. */
  get splits(): SplitSupply | undefined {
    return this.planned.sourceIndex === null ? undefined : this.pipeline.splits;
  }

  /** Builds the input number `index`, under other conditions where they are given. Building opens nothing: that begins with the first pull. */
  input(index = 0, conditions: Partial<Conditions> = {}): ElementIterator<Element> {
    const { deterministic = this.deterministic, tracking = this.tracking } = conditions;
    return this.pipeline.build(this.planned.inputs[index], { deterministic, tracking });
  }

  /** Builds all inputs. */
  inputs(): ElementIterator<Element>[] {
    return this.planned.inputs.map((_, index) => this.input(index));
  }

  /** The user's function, with a context of its own. */
  bind(ref: FunctionRef, operator: string = this.planned.node.op): BoundFunction {
    const context = functionContext(ref.captures, this.run);
    return new BoundFunction(this.pipeline.functionOf(ref), context, operator);
  }

  /** What the settlement calls the elements that come from here, and those of them that it had before. */
  settled(settlement: Settlement): { pass: SplitPass; settled: readonly Range[] } {
    const at = this.ordinal;
    const settled = settlement.numbersBefore(at, this.pass);
    if (settled.length > 0) this.run.resumed++;
    return { pass: new SplitPass(at, this.pass), settled };
  }

  /** Counts the elements that pass here, where that must be known behind a checkpoint. */
  counter(): Counter | null {
    const { settlement } = this.pipeline;
    if (!settlement || !this.tracking) return null;
    const { pass, settled } = this.settled(settlement);
    return new Counter(this.tracking.ledger, pass, settled);
  }

  /** The number of this place in the pipeline. */
  get ordinal(): number {
    return this.pipeline.ordinalOf(this.planned);
  }

  /**
   * Begins a dataset that a user function made. `origin` stands for the source element that it was made of, where
   * another worker may have to make it again: with the same chance, in the same order.
   */
  openNested(root: GraphNode, origin: number | null = null): MaybePromise<ElementIterator<Element>> {
    const { deterministic, pipeline: { seed, isOrdered }, context: { nestedSeed } } = this;
    const count = this.#nested++;
    if (seed !== undefined || nestedSeed === undefined) {
      const seedPath = mixSeeds(this.seed, count);
      return this.pipeline.openNested(root, { deterministic, seed, isOrdered, seedPath });
    }
    const own = origin === null ? mixSeeds(this.pass, count) : origin;
    return this.pipeline.openNested(root, {
      deterministic,
      seed: mixSeeds(nestedSeed, this.ordinal, own),
      isOrdered: origin !== null,
    });
  }

  /** Whether a parallel operator gives its elements in the order of its input; `own` is what the graph says of it. */
  keepsOrder(own: boolean | null): boolean {
    return this.pipeline.isOrdered || (own ?? this.deterministic);
  }

  /**
   * What chance comes from here that gives the same each time in this process, since nothing else may depend on what
   * others have read in theirs; null: the process remembers it.
   */
  get lastingSeed(): number | null {
    const { pipeline: { seed }, context: { nestedSeed } } = this;
    return seed === undefined || nestedSeed === undefined ? null : mixSeeds(nestedSeed, this.ordinal);
  }

  /** What chance comes from here where the user gave no seed; another one in each pass. */
  get seed(): number {
    return this.pipeline.seedOf(this.planned, this.pass);
  }
}
