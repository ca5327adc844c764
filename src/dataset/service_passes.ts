import { RangeSet } from "../base/mod.ts";
import type { ServiceReaders, ServiceReading, ServiceReadingOptions } from "../client/mod.ts";
import { DONE, type ServicePass } from "../executor/mod.ts";
import type { DataServiceNode } from "../graph/mod.ts";
import type { ServicePlace } from "./checkpoint.ts";

/** What the numbers of a service's elements are that have come to the program; null: nobody keeps account. */
export type SettledOf = ((node: DataServiceNode, pass: ServicePass, before: number) => RangeSet) | null;

/** How passes over services are begun. */
export interface ServicePassesOptions {
  readonly dataService: ServiceReaders;
  /** Where they stood; see {@linkcode ServicePlace}. */
  readonly resumed: readonly ServicePlace[];
  /** Which of a pass's elements have come to the program; `before` is how many readers before had. */
  readonly settledOf: SettledOf;
  /** Whether passes that are over must be known: the pipeline is run again from its beginning. */
  readonly keepsAll: boolean;
}

const SPENT: ServiceReading = {
  position: 0,
  isSpent: true,
  next: () => DONE,
  checkpoint: () => null,
  close: () => {},
};

/** The passes over services in one execution, and where they stand. */
export class ServicePasses {
  readonly #options: ServicePassesOptions;
  /** By place, then by pass: a place from before that has not been begun here, or what reads it. */
  readonly #passes = new Map<number, Map<number, ServicePlace | ServiceReading>>();
  readonly #begunBefore: ReadonlyMap<number, number>;

  /** Begins none. */
  constructor(options: ServicePassesOptions) {
    this.#options = options;
    this.#begunBefore = begunPasses(options.resumed);
    for (const place of options.resumed) this.#of(place.at).set(place.pass, place);
  }

  /** Reads one pass over a service. */
  open(node: DataServiceNode, { at, pass, signal }: ServicePass & { signal: AbortSignal }): ServiceReading {
    const { dataService, settledOf, keepsAll } = this.#options;
    const passes = this.#of(at);
    const resumed = passes.get(pass);
    if (!resumed && pass < (this.#begunBefore.get(at) ?? 0)) return SPENT;
    if (settledOf === null) return dataService(node, { signal });
    if (!keepsAll) { for (const [before, reading] of passes) if (isSpent(reading)) passes.delete(before); }
    const resume = resumed && "place" in resumed ? resumed.place : null;
    const options: ServiceReadingOptions = {
      signal,
      resume,
      settled: () => settledOf(node, { at, pass }, resume?.position ?? 0),
    };
    const reading = dataService(node, options);
    passes.set(pass, reading);
    return reading;
  }

  /** Where the passes stand, less those that are over and not the last of their place. */
  places(): ServicePlace[] {
    return [...this.#passes].flatMap(([at, passes]) => {
      const last = Math.max(...passes.keys());
      return [...passes].flatMap(([pass, known]): ServicePlace[] => {
        if ("place" in known) return [known];
        const place = known.checkpoint();
        return place === null || (place.finished && pass < last) ? [] : [{ at, pass, place }];
      });
    });
  }

  #of(at: number): Map<number, ServicePlace | ServiceReading> {
    let passes = this.#passes.get(at);
    if (!passes) this.#passes.set(at, passes = new Map());
    return passes;
  }
}

function isSpent(known: ServicePlace | ServiceReading): boolean {
  return !("place" in known) && known.isSpent;
}

/** Of each place that reads a service, how many passes had begun. */
export function begunPasses(resumed: readonly ServicePlace[]): ReadonlyMap<number, number> {
  const begun = new Map<number, number>();
  for (const { at, pass } of resumed) begun.set(at, Math.max(begun.get(at) ?? 0, pass + 1));
  return begun;
}
