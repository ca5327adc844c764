import type { RangeSet } from "../base/mod.ts";
import { Ledger, type LedgerEntries, type SourcePass } from "../element/mod.ts";

/** One pass over a source, as the ledgers of a pipeline name it. */
export class SplitPass implements SourcePass {
  readonly source: number;
  readonly repetition: number;
  /** Of indexes that were given out before, the outputs that readers have already. */
  readonly consumed: Map<number, RangeSet> = new Map();

  /** Names a pass of which nothing is consumed yet. */
  constructor(source: number, repetition: number) {
    this.source = source;
    this.repetition = repetition;
  }
}

/**
 * Where it is noted what the elements of a stretch of a pipeline consumed. Whenever a pull has given an element and
 * nobody has pulled since, the ledger holds the entries of that element, its own as the last, and before it those of
 * elements that were left out on the way. Operators that give each element before they pull the next have one stretch
 * with their input; whoever holds elements back, or makes several of one, ends it, and begins one below.
 */
export class Tracking {
  /** What was consumed since somebody took it. */
  readonly ledger: Ledger;
  /** Whether an operator above makes several elements of one: then it numbers them, and leaves out those that readers have. */
  readonly isExpanded: boolean;

  /** Begins a stretch. */
  constructor(ledger: Ledger = new Ledger(), { isExpanded = false }: { isExpanded?: boolean } = {}) {
    this.ledger = ledger;
    this.isExpanded = isExpanded;
  }
}

/** The two stretches that an operator which holds elements back stands between. */
export class Holding {
  /** For its input. */
  readonly below: Tracking;
  readonly #above: Ledger;

  /** Ends the stretch `above`. */
  constructor(above: Tracking) {
    this.#above = above.ledger;
    this.below = new Tracking(undefined, above);
  }

  /** What came with the element that the input has just given; to be kept with it. */
  take(): LedgerEntries {
    return this.below.ledger.take();
  }

  /** The element is given out to which these belong. */
  give(entries: LedgerEntries): void {
    this.#above.put(entries);
  }

  /** The element that the input has just given is given out as it is, or the input has ended. */
  pass(): void {
    this.#above.put(this.below.ledger.take());
  }
}

/** Ends the stretch of the operator, if there is one, for its input. */
export function hold(tracking: Tracking | null): Holding | null {
  return tracking && new Holding(tracking);
}
