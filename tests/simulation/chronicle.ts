import { apply } from "../../src/dispatcher/core/apply.ts";
import { createState, type DispatcherState, type StateView } from "../../src/dispatcher/core/state.ts";
import type { Update } from "../../src/dispatcher/core/updates.ts";
import type { Journal } from "../../src/dispatcher/journal/journal.ts";
import { writeState } from "../../src/dispatcher/journal/state_text.ts";
import { doubleLeases } from "./leases.ts";

/** What one process has told its journal. */
interface Run {
  readonly state: () => StateView;
  readonly appends: (readonly Update[])[];
  /** Whether the journal has been read. */
  hasBegun: boolean;
  /** How many of them are safe. */
  safe: number;
}

/**
 * Watches the journals of one dispatcher, run by run: what a process knew is what its updates say; what the next one
 * knows again is that, but for updates that nobody was told of. And no split is ever two workers'.
 */
export class Chronicle {
  readonly #tell: (fault: string) => void;
  /** What the dispatcher knew when the present run began. */
  #known: DispatcherState = createState();
  #run: Run | null = null;
  /** States in which the next run may begin, as texts. */
  #possible: string[] = [textOf(createState())];

  /** `tell` is told what is wrong. */
  constructor(tell: (fault: string) => void) {
    this.#tell = tell;
  }

  /** The journal of the process that begins; `state` is what it knows. */
  watch(journal: Journal, state: () => StateView): Journal {
    const run: Run = this.#run = { state, appends: [], hasBegun: false, safe: 0 };
    const begin = () => this.#begin(run);
    const noted = (updates: readonly Update[]) => this.#note(run, updates);
    return {
      durable: journal.durable,
      snapshots: journal.snapshots,
      async *replay() {
        yield* journal.replay();
        begin();
      },
      append(updates, outlives) {
        const number = noted(updates);
        const appended = journal.append(updates, outlives);
        if (outlives !== "process") appended.then(() => run.safe = number, () => {});
        return appended;
      },
      appendNow(updates) {
        const done = journal.appendNow?.(updates) === true;
        if (done) noted(updates);
        return done;
      },
      close: () => journal.close(),
    };
  }

  /** The process has ended; what it does from now on reaches nobody. */
  end(): void {
    const run = this.#run;
    this.#run = null;
    if (!run?.hasBegun) return; // The next one begins as it should have.
    const state = this.#known;
    this.#possible = run.safe === 0 ? [textOf(state)] : [];
    run.appends.forEach((updates, index) => {
      for (const update of updates) apply(state, update);
      if (index + 1 >= run.safe) this.#possible.push(textOf(state));
    });
    if (this.#possible.at(-1) !== textOf(run.state())) {
      this.#tell("the dispatcher knew something else than its updates say");
    }
  }

  #begin(run: Run): void {
    if (run !== this.#run) return;
    run.hasBegun = true;
    const text = textOf(run.state());
    if (!this.#possible.includes(text)) this.#tell("the dispatcher does not know again what it knew");
    this.#known = structuredClone(run.state()) as DispatcherState;
  }

  #note(run: Run, updates: readonly Update[]): number {
    if (run === this.#run) { for (const fault of doubleLeases(run.state())) this.#tell(fault); }
    return run.appends.push(structuredClone(updates));
  }
}

function textOf(state: StateView): string {
  return new TextDecoder().decode(writeState(state));
}
