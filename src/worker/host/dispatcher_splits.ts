import type { MaybePromise } from "../../base/mod.ts";
import { decodeConsumed } from "../../element/mod.ts";
import type { Split, SplitSupply } from "../../executor/mod.ts";
import type { Split as SplitMessage } from "../../gen/sluice/v1/dispatcher_pb.ts";
import type { DispatcherClient } from "../../rpc/mod.ts";
import { retry, type RetryOptions } from "../retry.ts";
import { type SplitGrant, SplitLease } from "./split_lease.ts";

/** What a {@linkcode DispatcherSplits} works with; `timeoutMs` is how long an unreachable dispatcher is tried. */
export interface DispatcherSplitsOptions extends Omit<RetryOptions, "what"> {
  dispatcher: Pick<DispatcherClient, "getSplit">;
  iterationId: bigint;
  taskId: bigint;
}

/** Leases the splits of a task's sources from the dispatcher. */
export class DispatcherSplits implements SplitSupply {
  readonly #options: DispatcherSplitsOptions;
  #leases = new Map<number, SplitLease>();

  /** Makes the supply of one run of a task; nothing is leased before the first pull. */
  constructor(options: DispatcherSplitsOptions) {
    this.#options = options;
  }

  next(sourceIndex: number, repetition: number): MaybePromise<Split | null> {
    return this.#lease(sourceIndex).next(repetition);
  }

  isEmpty(sourceIndex: number): boolean {
    return this.#lease(sourceIndex).isEmpty;
  }

  #lease(sourceIndex: number): SplitLease {
    let lease = this.#leases.get(sourceIndex);
    if (!lease) {
      lease = new SplitLease((repetition, requestId) => this.#ask(sourceIndex, repetition, requestId));
      this.#leases.set(sourceIndex, lease);
    }
    return lease;
  }

  #ask(sourceIndex: number, repetition: number, requestId: number): Promise<SplitGrant> {
    const { dispatcher, iterationId, taskId, signal } = this.#options;
    const request = {
      iterationId,
      taskId,
      sourceIndex,
      repetition: BigInt(repetition),
      requestId: BigInt(requestId),
    };
    return retry(async () => {
      const { splits, endOfSplits, sourceIsEmpty, currentRepetition } = await dispatcher.getSplit(request, {
        signal,
      });
      return {
        splits: splits.map((split) => receivedSplit(sourceIndex, split)),
        ended: endOfSplits,
        sourceIsEmpty,
        currentRepetition: Number(currentRepetition),
      };
    }, { ...this.#options, what: `get splits for task ${taskId}` });
  }
}

/** @throws {DataLossError} if what it says of consumed outputs is damaged */
function receivedSplit(source: number, { start, end, names, repetition, consumed }: SplitMessage): Split {
  const label = Number(repetition);
  const pass = decodeConsumed(consumed).sources()
    .find((candidate) => candidate.source === source && candidate.repetition === label);
  return {
    start: Number(start),
    end: Number(end),
    repetition: label,
    ...(names.length > 0 && { names }),
    ...(pass && { consumed: pass.partial }),
  };
}
