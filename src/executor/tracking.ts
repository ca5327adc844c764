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

/** What came with an element that is held back; a number where it was one index, as most are. */
export type Held = number | LedgerEntries;

/** The two stretches that an operator which holds elements back stands between. */
export class Holding {
  /** For its input. */
  readonly below: Tracking;
  readonly #above: Ledger;
  // Numbers name indexes of two passes at a time: those >= 0 of the one, those < 0 of the other. A buffer of many
  // small objects would cost more than the operators do.
  #even: SourcePass | null = null;
  #odd: SourcePass | null = null;
  /** How many numbers of each are held. */
  #evens = 0;
  #odds = 0;

  /** Ends the stretch `above`. */
  constructor(above: Tracking) {
    this.#above = above.ledger;
    this.below = new Tracking(undefined, above);
  }

  /**
   * What came with the element that the input has just given; to be kept with it. Not for an error: the ledger may
   * hold entries of elements that a batch has gathered and keeps.
   */
  take(): Held {
    const { ledger } = this.below;
    const counted = ledger.takeCounted();
    if (counted >= 0) return this.#hold(ledger.open!.pass, counted);
    if (ledger.length !== 1 || ledger.offset >= 0 || ledger.earlier.length > 0) return ledger.take();
    const { pass, index } = ledger;
    ledger.forget();
    return this.#hold(pass, index);
  }

  #hold(pass: SourcePass, index: number): Held {
    if (pass !== this.#even && pass !== this.#odd) {
      if (this.#evens === 0) this.#even = pass;
      else if (this.#odds === 0) this.#odd = pass;
      else return { pass, index, offset: -1, length: 1 };
    }
    if (pass === this.#even) {
      this.#evens++;
      return index;
    }
    this.#odds++;
    return -1 - index;
  }

  /** The element is given out to which these belong. */
  give(held: Held): void {
    if (typeof held !== "number") this.#above.put(held);
    else if (held >= 0) {
      this.#evens--;
      this.#above.add(this.#even!, held);
    } else {
      this.#odds--;
      this.#above.add(this.#odd!, -1 - held);
    }
  }

  /** The element that the input has just given is given out as it is, or the input has ended. */
  pass(): void {
    const { ledger } = this.below;
    if (!ledger.isEmpty) this.give(this.take());
  }
}

/** Ends the stretch of the operator, if there is one, for its input. */
export function hold(tracking: Tracking | null): Holding | null {
  return tracking && new Holding(tracking);
}
