import type { Clock, MaybePromise } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import type { FunctionRef, MapNode } from "../../graph/mod.ts";
import { BoundFunction } from "../bound_function.ts";
import type { CallSpreader } from "../call_spreader.ts";
import type { ElementIterator, Pulled } from "../iterator.ts";
import { leaveOut } from "../leave_out.ts";
import { isPending } from "../pending.ts";
import type { Place } from "../place.ts";
import type { Holding } from "../tracking.ts";
import { ParallelMap } from "./parallel_map.ts";
import { SpreadGauge } from "./spread_gauge.ts";
import { ThreadedMap } from "./threaded_map.ts";

/** Whether other threads can have the function: one that lives here may use what is around it. */
export function canSpread(ref: FunctionRef): boolean {
  return ref.kind === "module" || ref.live === undefined;
}

/** What a {@linkcode SpreadMap} works with. */
export interface SpreadMapOptions {
  readonly input: ElementIterator<Element>;
  readonly node: MapNode;
  readonly place: Place;
  readonly spreader: CallSpreader;
  /** Where it is noted what elements consumed; null: nowhere. */
  readonly holding: Holding | null;
}

/**
 * A parallel map that spreads its calls over threads where that pays. It begins as a {@linkcode ParallelMap} in this
 * thread, whose calls are watched; the first pull after it has been decided that they are worth it goes on as a
 * {@linkcode ThreadedMap}. A later pass of a `repeat` knows from the beginning.
 */
export class SpreadMap implements ElementIterator<Element> {
  readonly #input: ElementIterator<Element>;
  readonly #holding: Holding | null;
  readonly #node: MapNode;
  readonly #place: Place;
  readonly #spreader: CallSpreader;
  readonly #gauge: SpreadGauge;
  /** Where the calls are made; null: in another thread, too. */
  #plain: ParallelMap | null;
  #current: ElementIterator<Element>;

  constructor({ input, node, place, spreader, holding }: SpreadMapOptions) {
    this.#input = input;
    this.#holding = holding;
    this.#node = node;
    this.#place = place;
    this.#spreader = spreader;
    this.#gauge = place.pipeline.memory(place.planned, () => new SpreadGauge());
    this.#plain = new ParallelMap(input, watched(place.bind(node.fn), place.context.clock, this.#gauge), {
      parallel: node.parallel,
      deterministic: this.#deterministic,
      holding,
    });
    this.#current = this.#plain;
  }

  next(): MaybePromise<Pulled<Element>> {
    const plain = this.#plain;
    if (plain !== null && this.#gauge.decision !== "none") {
      if (this.#gauge.decision === "stay") this.#plain = null;
      // What it has begun comes out before anything else.
      else if (plain.idle) {
        this.#plain = null;
        this.#current = new ThreadedMap({
          input: this.#input,
          fn: this.#place.bind(this.#node.fn),
          begun: plain.begun,
          remote: this.#spreader.open(this.#node.fn, { operator: "map", threads: this.#node.parallel - 1 }),
          poll: () => this.#spreader.poll(),
          clock: this.#place.context.clock,
          gauge: this.#gauge,
          parallel: this.#node.parallel,
          deterministic: this.#deterministic,
          holding: this.#holding,
        });
      }
    }
    return this.#current.next();
  }

  skip(count: number): MaybePromise<number> {
    return leaveOut(this.#current, count);
  }

  close(): MaybePromise<void> {
    return this.#current.close();
  }

  get #deterministic(): boolean {
    return this.#place.keepsOrder(this.#node.deterministic);
  }
}

/** The function, with each call told to the gauge. */
function watched(fn: BoundFunction, clock: Clock, gauge: SpreadGauge): BoundFunction {
  const { call, context } = fn;
  return fn.with((element: Element) => {
    if (gauge.decision !== "none") return call(element, context);
    const began = clock.now();
    const value: unknown = call(element, context);
    if (isPending(value)) gauge.waits();
    else gauge.called(clock.now() - began, element, value);
    return value;
  });
}
