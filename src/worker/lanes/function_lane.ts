import { isPromise, type MaybePromise } from "../../base/mod.ts";
import { BlockEncoder, type Element, encodeValue } from "../../element/mod.ts";
import { BoundFunction } from "../../executor/mod.ts";
import { createFunctionRuntime } from "../../graph/mod.ts";
import type { LaneOwner } from "./lane_port.ts";
import type { FromLane, ToLane } from "./messages.ts";
import { packBlock, unpackElements } from "./packed_block.ts";
import { sendError } from "./sent_error.ts";
import type { LaneEnvironment } from "./serve_lane.ts";

type Define = Extract<ToLane, { kind: "define" }>;
type Call = Extract<ToLane, { kind: "call" }>;
type Result = Extract<FromLane, { kind: "result" }>;

/** A lane that calls functions for a pipeline which runs elsewhere. */
export class FunctionLane {
  readonly #owner: LaneOwner;
  readonly #environment: LaneEnvironment;
  readonly #functions = new Map<number, MaybePromise<BoundFunction>>();
  /** Calls run one after the other, also those that wait: somebody else counts on the order of their results. */
  #last: Promise<void> = Promise.resolve();

  /** Makes a lane without functions. */
  constructor(owner: LaneOwner, environment: LaneEnvironment) {
    this.#owner = owner;
    this.#environment = environment;
  }

  /** Loads a function. What goes wrong is the result of each of its calls. */
  define({ fn, ref, operator, code }: Define): void {
    const { Dataset } = this.#environment;
    const modules = new Map(ref.kind === "module" && ref.hash && code !== null ? [[ref.hash, code]] : []);
    const context = { captures: ref.captures, Dataset, signal: new AbortController().signal };
    const loading = Promise.resolve().then(() => createFunctionRuntime({ modules }).resolve(ref))
      .then((call) => new BoundFunction(call, context, operator));
    loading.catch(() => {});
    this.#functions.set(fn, loading);
  }

  /** Lets a function go. */
  forget(fn: number): void {
    this.#functions.delete(fn);
  }

  /** Calls a function, and sends what it gave. */
  call(call: Call): void {
    const fn = this.#functions.get(call.fn);
    this.#last = this.#last.then(async () => {
      const result = await results(fn, call);
      this.#owner.post(result, [result.elements.bytes]);
    });
  }
}

async function results(fn: MaybePromise<BoundFunction> | undefined, call: Call): Promise<Result> {
  const encoder = new BlockEncoder();
  const errors: Result["errors"][number][] = [];
  let at = 0;
  for (const element of unpackElements(call.elements)) {
    try {
      const bound = isPromise(fn) ? await fn : fn!;
      const index = call.first + at;
      const value = bound.invoke(index, element);
      encoder.add(bound.result(index, isPromise(value) ? await value : value));
    } catch (error) {
      errors.push({ at, error: sendError(error) });
      encoder.add(null as Element);
    }
    at++;
  }
  const { encoding, count, spec, chunks, byteLength } = encoder.finish();
  const bytes = encoding === "columnar" && spec ? encodeValue(spec) : null;
  return {
    kind: "result",
    id: call.id,
    elements: packBlock({ encoding, count, spec: bytes, chunks, byteLength }),
    errors,
  };
}
