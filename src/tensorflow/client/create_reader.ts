import type { Clock, Log, MaybePromise, Random } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import { DONE, type ElementIterator, type Pulled, type TfDataServiceReader } from "../../executor/mod.ts";
import type { TfDataServiceNode } from "../../graph/mod.ts";
import type { StockReader } from "./stock_reader.ts";

/** What readers of stock services are given. */
export interface TfDataServiceEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Makes the executor's port to stock tf.data services. Which pass over a node comes next is remembered as long as the
 * node lives.
 */
export function createTfDataServiceReader(environment: TfDataServiceEnvironment): TfDataServiceReader {
  const passes = new WeakMap<TfDataServiceNode, number>();
  return (node, { signal }) => {
    const repetition = (passes.get(node) ?? 0) + 1;
    passes.set(node, repetition);
    return new LoadedReader(async () => {
      // Loaded where it is asked for: HTTP/2 takes time and memory that most programs have no use for.
      const [{ connectGrpc }, { StockReader }] = await Promise.all([
        import("../grpc/client.ts"),
        import("./stock_reader.ts"),
      ]);
      return new StockReader({
        ...environment,
        options: node.options,
        repetition,
        connect: (address) => connectGrpc(address, { clock: environment.clock }),
        signal,
      });
    });
  };
}

/** A reader whose program has to be loaded. */
class LoadedReader implements ElementIterator<Element> {
  readonly #load: () => Promise<StockReader>;
  #reader: StockReader | null = null;
  #isClosed = false;

  constructor(load: () => Promise<StockReader>) {
    this.#load = load;
  }

  next(): MaybePromise<Pulled<Element>> {
    return this.#reader ? this.#reader.next() : this.#first();
  }

  close(): MaybePromise<void> {
    this.#isClosed = true;
    return this.#reader?.close();
  }

  async #first(): Promise<Pulled<Element>> {
    this.#reader = await this.#load();
    if (this.#isClosed) return DONE;
    return await this.#reader.next();
  }
}
