/** Describes the sources of iterations before they begin, at most once for each pass at a time. */

import { crc32c, type Random } from "../../base/mod.ts";
import type { DeepReadonly } from "../core/deep_readonly.ts";
import { iterationKey, parseIterationKey } from "../core/iteration_key.ts";
import type { Dataset } from "../core/state.ts";
import type { SourceDescription } from "../core/updates.ts";
import { type DescribeOptions, describeSources } from "./describe_sources.ts";
import type { FormatRegistry } from "./format_registry.ts";

/** The pass over a job whose sources are described. */
export interface PlannedPass {
  readonly jobId: number;
  readonly repetition: number;
  /** The key of an iteration whose order the sources are to have. @default they have an order of their own */
  readonly like?: string | null;
}

/** What an iteration is made with. */
export interface Plan {
  readonly sources: SourceDescription[];
  /** A name for the iteration, which says how its sources are ordered. */
  readonly key: string;
}

/** What planning takes. */
export interface PlannerOptions extends Pick<DescribeOptions, "listFiles"> {
  readonly random: Random;
}

/** Plans the splits of iterations. */
export class SplitPlanner {
  readonly #formats: FormatRegistry;
  readonly #options: PlannerOptions;
  /** Readers of a named job begin a pass together: they share one listing. */
  readonly #underWay = new Map<string, Promise<Plan>>();

  /** Plans with what it is given. */
  constructor(formats: FormatRegistry, options: PlannerOptions) {
    this.#formats = formats;
    this.#options = options;
  }

  /** The sources of one pass over a job. Rejects with the error of the listing, or of a dataset that cannot be divided. */
  plan(dataset: DeepReadonly<Dataset>, pass: PlannedPass): Promise<Plan> {
    const { jobId, repetition, like = null } = pass;
    const which = `${jobId}/${repetition}/${like ?? ""}`;
    const former = this.#underWay.get(which);
    if (former) return former;
    const planning = this.#plan(dataset, pass).finally(() => this.#underWay.delete(which));
    this.#underWay.set(which, planning);
    return planning;
  }

  /** A key for an iteration whose sources are not split; `like`: the key of one that it goes on from. */
  keyWithoutSources(like: string | null = null): string {
    return this.#key(this.#seedOf(like), []);
  }

  async #plan(dataset: DeepReadonly<Dataset>, { repetition, like = null }: PlannedPass): Promise<Plan> {
    const infos = this.#formats.get(dataset.format).sources(dataset.graph);
    const seed = this.#seedOf(like);
    const sources = await describeSources(infos, { ...this.#options, repetition, seed });
    return { sources, key: this.#key(seed, sources) };
  }

  #seedOf(like: string | null): number {
    return (like === null ? null : parseIterationKey(like)?.seed) ?? this.#options.random.uint32();
  }

  #key(seed: number, sources: readonly SourceDescription[]): string {
    const { random } = this.#options;
    const chance = [random.uint32(), random.uint32()].map((bits) => bits.toString(16).padStart(8, "0")).join(
      "",
    );
    return iterationKey({ seed, order: crc32c(new TextEncoder().encode(JSON.stringify(sources))) }, chance);
  }
}
