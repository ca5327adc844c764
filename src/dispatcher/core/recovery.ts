/**
 * How nothing is lost with a worker, and nothing is given twice. Readers say in their heartbeats which source elements
 * they have. What a lost task leased and no reader has is *pending*: it is leased again, before anything else. But only
 * when every reader that may have had blocks of the task has said that it takes nothing more of it: until then the task
 * is *lost* and awaits them.
 */

import type { DeepReadonly } from "./deep_readonly.ts";
import type { Rests } from "./rests.ts";
import type { Iteration } from "./state.ts";
import type { Takings } from "./takings.ts";

/** A task whose worker went. */
export interface LostTask {
  /** The worker that it was on. */
  address: string;
  /** By source, what it leased and no reader is known to have. */
  rests: Rests[];
  /** Clients that may still take elements of it. */
  awaits: Set<number>;
}

/** Readers that come one by one with checkpoints of one iteration: its splits wait for what all of them have. */
export interface Gathering {
  /** How many there were. */
  readers: number;
  /** How many have come. */
  joined: number;
  /** When those that have not come are waited for no longer. */
  until: number;
}

/** What an iteration has besides where readers say what they consume. */
export interface Recovery {
  /** Tasks of workers that went, by their ids, until no client is awaited. */
  lost: Map<number, LostTask>;
  /** The worker that had what is pending: others go before it. */
  avoid: string | null;
  /** Of a job with a name: by task and source, what tasks leased that were read to their ends, and no reader named. */
  unclaimed: Map<number, Rests[]>;
  /**
   * Of a job with a name: by client and source, what each reader has got, also of those that have left. null: that
   * would be too much to keep.
   */
  takings: Map<number, Map<number, Takings> | null>;
  /** Clients that were replaced by others which went on from their checkpoints. */
  heirs: Map<number, number>;
  gathering: Gathering | null;
}

/** Recovery at the begin of an iteration. */
export function createRecovery(gathering: Gathering | null): Recovery {
  return {
    lost: new Map(),
    avoid: null,
    unclaimed: new Map(),
    takings: new Map(),
    heirs: new Map(),
    gathering,
  };
}

/** Whether something waits to be leased again. */
export function hasPending({ sources }: DeepReadonly<Iteration>): boolean {
  return sources.some(({ pending }) => pending.size > 0);
}

/** Whether elements of tasks whose workers went are to be given out again. */
export function isRecovering(iteration: DeepReadonly<Iteration>): boolean {
  if (iteration.finished) return false;
  return hasPending(iteration) || (iteration.recovery?.lost.size ?? 0) > 0;
}

/**
 * Whether elements are to be given out that no task has: of lost tasks, or because all tasks are gone. A worker that
 * went gets no further splits, so its streams come to an end as if there were no more.
 */
export function hasMore(iteration: DeepReadonly<Iteration>): boolean {
  if (iteration.finished || iteration.sources.length === 0) return false;
  return iteration.running === 0 || isRecovering(iteration);
}
