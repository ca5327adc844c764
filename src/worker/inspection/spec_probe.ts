import { CanceledError, type Clock, FailedPreconditionError, raceAbort, type Timer } from "../../base/mod.ts";
import { type ElementSpec, inferSpec, mergeSpecs } from "../../element/mod.ts";
import {
  elementSpecOf,
  fingerprint,
  type GraphNode,
  isCompleteSpec,
  openSpecs,
  parseGraph,
  serializeGraph,
  ShardingPolicy,
} from "../../graph/mod.ts";
import { fromElementFailure, type WireBatch } from "../../rpc/mod.ts";
import type { TaskDefinition, TaskHost } from "../host/task_host.ts";
import { BlockOpener } from "./block_opener.ts";

/** What a {@linkcode SpecProbe} works with. */
export interface SpecProbeOptions {
  /** Runs what has to be run. */
  readonly host: TaskHost;
  /** Ends the look at pipelines that are slow. */
  readonly clock: Clock;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** How many elements are looked at: enough to see sizes that differ often. */
const MAX_ELEMENTS = 32;

/** How many blocks they may fill. */
const MAX_BLOCKS = 8;

/** After the first element others are waited for so long, in milliseconds. */
const MAX_MS = 250;

/** How many datasets' specs are remembered. */
const MAX_REMEMBERED = 1_000;

/**
 * Finds out the spec of a dataset's elements. What its graph does not tell, because a user's function decides it, is
 * seen in the first elements of that function's operator: they are made as a task makes them, and dropped.
 */
export class SpecProbe {
  readonly #options: SpecProbeOptions;
  readonly #specs = new Map<string, Promise<ElementSpec>>();

  /** Looks at nothing before it is asked to. */
  constructor(options: SpecProbeOptions) {
    this.#options = options;
  }

  /**
   * The spec of a dataset; the same one each time that it is asked for.
   *
   * @throws {FailedPreconditionError} if a pipeline has no elements to be seen
   * @throws {SluiceError} what the pipeline throws before its first element
   * @throws the signal's reason once it is aborted
   */
  async specOf(graph: Uint8Array, signal: AbortSignal): Promise<ElementSpec> {
    const key = await fingerprint(graph);
    let spec = this.#specs.get(key);
    if (!spec) {
      spec = this.#find(graph);
      this.#specs.set(key, spec);
      // What failed is tried again for the next one who asks: a file that was missing may be there by then.
      spec.catch(() => this.#specs.delete(key));
      for (const oldest of this.#specs.keys()) {
        if (this.#specs.size <= MAX_REMEMBERED) break;
        this.#specs.delete(oldest);
      }
    }
    return await raceAbort(spec, signal);
  }

  async #find(graph: Uint8Array): Promise<ElementSpec> {
    const { root, modules } = parseGraph(graph);
    const look = async (node: GraphNode) => await this.#look(serializeGraph(node, { modules }));
    const seen = new Map<GraphNode, ElementSpec>();
    for (const node of openSpecs(root)) seen.set(node, await look(node));
    const spec = elementSpecOf(root, seen);
    return isCompleteSpec(spec) ? spec : await look(root);
  }

  /** The spec that the first elements have in common. */
  async #look(graph: Uint8Array): Promise<ElementSpec> {
    const { host, clock, signal } = this.#options;
    const handle = host.start(DEFINITION, () => Promise.resolve(graph), () => Promise.resolve());
    const late = new AbortController();
    const request = { clientId: 0n, sessionId: "", next: 0, taken: 0, limit: MAX_BLOCKS };
    const stream = handle.openStream(
      { ...request, accepted: [], compression: "NONE", loopback: true },
      AbortSignal.any([signal, late.signal]),
    );
    let timer: Timer | null = null;
    const look = new Look();
    try {
      for await (const batch of stream) {
        if (look.take(batch)) break;
        if (look.spec) timer ??= clock.setTimer(() => late.abort(TOO_LONG), MAX_MS);
      }
    } catch (error) {
      if (error !== TOO_LONG) throw error;
    } finally {
      timer?.clear();
      await handle.stop(new CanceledError("The first elements have been seen"));
    }
    if (look.spec) return look.spec;
    throw new FailedPreconditionError(
      "Cannot tell the structure of the dataset's elements: a function decides it, and the pipeline has no elements",
    );
  }
}

const TOO_LONG = new CanceledError("The elements that came in time are enough");

const DEFINITION: TaskDefinition = {
  taskId: 0n,
  iterationId: 0n,
  datasetId: "",
  policy: ShardingPolicy.OFF,
  repetition: 0,
  numWorkers: 1,
  workerIndex: 0,
  numConsumers: null,
  useCrossTrainerCache: false,
  compression: "NONE",
};

/** Merges what it sees. */
class Look {
  readonly #blocks = new BlockOpener();
  #count = 0;
  spec: ElementSpec | null = null;

  /** Says whether it has seen enough. An error after the first element is for those who read. */
  take(batch: WireBatch): boolean {
    if (batch.error) {
      if (this.spec) return true;
      throw fromElementFailure(batch.error);
    }
    if (batch.count > 0) {
      const block = this.#blocks.open(batch);
      for (let i = 0; i < block.count && this.#count < MAX_ELEMENTS; i++, this.#count++) {
        const spec = inferSpec(block.get(i));
        this.spec = this.spec ? mergeSpecs(this.spec, spec) : spec;
      }
    }
    return batch.endOfSequence || batch.draining === true || this.#count >= MAX_ELEMENTS;
  }
}
