import { type Deferred, deferred } from "../../base/mod.ts";
import { type Element, Ledger } from "../../element/mod.ts";
import { type ElementIterator, execute, type SplitSupply } from "../../executor/mod.ts";
import { createFunctionRuntime, parseGraph } from "../../graph/mod.ts";
import type { Item } from "../core/session.ts";
import { type SplitGrant, SplitLease } from "../host/split_lease.ts";
import type { Block } from "../runners/block_packer.ts";
import { BlockProducer } from "../runners/block_producer.ts";
import type { BlockSink } from "../runners/block_source.ts";
import type { LaneOwner } from "./lane_port.ts";
import type { LanePipeline } from "./messages.ts";
import { packBlock } from "./packed_block.ts";
import { receiveError, sendError, type SentError } from "./sent_error.ts";
import type { LaneEnvironment } from "./serve_lane.ts";

/** A lane that runs an instance of the task's pipeline, on splits that its owner gives. */
export class PipelineLane implements BlockSink {
  readonly #owner: LaneOwner;
  readonly #producer: BlockProducer;
  readonly #asked = new Map<number, Deferred<SplitGrant>>();
  #asks = 0;
  #credit: number;
  #ended = false;
  #leftOut = 0;

  /** Begins at once. */
  constructor(owner: LaneOwner, environment: LaneEnvironment, pipeline: LanePipeline) {
    this.#owner = owner;
    this.#credit = pipeline.credit;
    const { clock, log } = environment;
    const ledger = pipeline.tracksProvenance ? new Ledger() : undefined;
    const open = (signal: AbortSignal) => this.#open({ ...environment, signal, ledger }, pipeline);
    this.#producer = new BlockProducer({ open, sink: this, clock, log, ledger, worked: () => owner.poll() });
    this.#producer.poke();
  }

  get wantsMore(): boolean {
    return this.#credit > 0 && !this.#ended;
  }

  /** Whoever gives credit has a reader with room: what a busy reader has not asked for takes the credit away. */
  get hungry(): boolean {
    return this.#credit > 0;
  }

  offer(item: Item<Block>): void {
    this.#credit--;
    this.#tellLeftOut();
    if (item.kind === "error") {
      this.#owner.post({ kind: "error", error: sendError(item.error) });
      return;
    }
    const block = packBlock(item.block);
    this.#owner.post({ kind: "block", block }, [block.bytes]);
  }

  end(): void {
    this.#ended = true;
    this.#tellLeftOut();
    this.#owner.post({ kind: "end" });
  }

  #tellLeftOut(): void {
    if (this.#leftOut > 0) this.#owner.post({ kind: "leftOut", count: this.#leftOut });
    this.#leftOut = 0;
  }

  /** One block more may be sent. */
  credit(): void {
    this.#credit++;
    this.#producer.poke();
  }

  /** The owner has answered a request. */
  splitsCame(id: number, grant: SplitGrant): void {
    this.#asked.get(id)?.resolve(grant);
    this.#asked.delete(id);
  }

  /** The owner could not answer a request. */
  splitsFailed(id: number, error: SentError): void {
    this.#asked.get(id)?.reject(receiveError(error));
    this.#asked.delete(id);
  }

  #open(
    { ledger, ...environment }: LaneEnvironment & { signal: AbortSignal; ledger: Ledger | undefined },
    { graph, repetition, seed }: LanePipeline,
  ): ElementIterator<Element> {
    const { root, modules } = parseGraph(graph);
    return execute(root, {
      ...environment,
      functions: createFunctionRuntime({ modules }),
      onLeftOut: () => this.#leftOut++,
      epoch: repetition,
      nestedSeed: seed,
      splits: this.#supply(),
      ...(ledger && { ledger }),
    });
  }

  #supply(): SplitSupply {
    const leases = new Map<number, SplitLease>();
    const lease = (source: number): SplitLease => {
      const known = leases.get(source) ?? new SplitLease((repetition) => this.#ask(source, repetition));
      leases.set(source, known);
      return known;
    };
    return {
      next: (source, repetition) => lease(source).next(repetition),
      isEmpty: (source) => lease(source).isEmpty,
    };
  }

  #ask(source: number, repetition: number): Promise<SplitGrant> {
    const id = this.#asks++;
    const answer = deferred<SplitGrant>();
    this.#asked.set(id, answer);
    this.#owner.post({ kind: "ask", id, source, repetition });
    return answer.promise;
  }
}
