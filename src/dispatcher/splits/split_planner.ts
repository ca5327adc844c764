/** Describes the sources of iterations before they begin, at most once for each pass at a time. */

import type { DeepReadonly } from "../core/deep_readonly.ts";
import type { Dataset } from "../core/state.ts";
import type { SourceDescription } from "../core/updates.ts";
import { type DescribeOptions, describeSources } from "./describe_sources.ts";
import type { FormatRegistry } from "./format_registry.ts";

/** Plans the splits of iterations. */
export class SplitPlanner {
  readonly #formats: FormatRegistry;
  readonly #options: Omit<DescribeOptions, "repetition">;
  /** Readers of a named job begin a pass together: they share one listing. */
  readonly #underWay = new Map<string, Promise<SourceDescription[]>>();

  /** Plans with what it is given. */
  constructor(formats: FormatRegistry, options: Omit<DescribeOptions, "repetition">) {
    this.#formats = formats;
    this.#options = options;
  }

  /** The sources of one pass over a job. Rejects with the error of the listing, or of a dataset that cannot be divided. */
  plan(
    dataset: DeepReadonly<Dataset>,
    { jobId, repetition }: { jobId: number; repetition: number },
  ): Promise<SourceDescription[]> {
    const key = `${jobId}/${repetition}`;
    const former = this.#underWay.get(key);
    if (former) return former;
    const planning = this.#describe(dataset, repetition).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, planning);
    return planning;
  }

  async #describe(dataset: DeepReadonly<Dataset>, repetition: number): Promise<SourceDescription[]> {
    const sources = this.#formats.get(dataset.format).sources(dataset.graph);
    return await describeSources(sources, { ...this.#options, repetition });
  }
}
