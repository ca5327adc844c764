/** What passes between a task and its lanes: plain data, tagged by `kind`. */

import type { FunctionRef } from "../../graph/mod.ts";
import type { SplitGrant } from "../host/split_lease.ts";
import type { PackedBlock } from "./packed_block.ts";
import type { SentError } from "./sent_error.ts";

/** The pipeline that a lane runs. */
export interface LanePipeline {
  /** The serialised graph of a dynamically sharded dataset, as the dispatcher holds it. */
  readonly graph: Uint8Array;
  /** Which pass of the job this is, from 0. */
  readonly repetition: number;
  /** Whether blocks say what their elements consumed. */
  readonly tracksProvenance: boolean;
  /** What chance in datasets of user functions comes from. */
  readonly seed: number;
  /** How many blocks the lane may send before the first {@linkcode ToLane} of kind `credit`. */
  readonly credit: number;
}

/** To a lane. */
export type ToLane =
  /** Run this pipeline. Comes at most once, and then no functions come. */
  | { readonly kind: "run"; readonly pipeline: LanePipeline }
  /** One block more may be sent. */
  | { readonly kind: "credit" }
  /** The answer to the request `id` for splits. */
  | { readonly kind: "splits"; readonly id: number; readonly grant: SplitGrant }
  /** The request `id` for splits has failed. */
  | { readonly kind: "noSplits"; readonly id: number; readonly error: SentError }
  /** Make a function ready that calls will name by `fn`. */
  | {
    readonly kind: "define";
    readonly fn: number;
    readonly ref: FunctionRef;
    /** The user's name of the operator. */
    readonly operator: string;
    /** The code of the function's module, if it travelled with the graph. */
    readonly code: string | null;
  }
  /** Nobody will call the function again. */
  | { readonly kind: "forget"; readonly fn: number }
  /** Call the function for elements; the first one is the operator's element number `first`. */
  | {
    readonly kind: "call";
    readonly id: number;
    readonly fn: number;
    readonly first: number;
    readonly elements: PackedBlock;
  };

/** From a lane. */
export type FromLane =
  /** The lane is there: messages get through, and whatever a lane needs is loaded. */
  | { readonly kind: "ready" }
  /** Splits are needed for a source in a repetition. */
  | { readonly kind: "ask"; readonly id: number; readonly source: number; readonly repetition: number }
  /** Elements that `ignoreErrors` left out since the last message of this kind. */
  | { readonly kind: "leftOut"; readonly count: number }
  /** A block of the pipeline. */
  | { readonly kind: "block"; readonly block: PackedBlock }
  /** An error in its place between blocks. */
  | { readonly kind: "error"; readonly error: SentError }
  /** The pipeline has ended. */
  | { readonly kind: "end" }
  /** What the call `id` gave; the calls that failed have null in `elements`. */
  | {
    readonly kind: "result";
    readonly id: number;
    readonly elements: PackedBlock;
    /** The errors of the elements at these places in the call. */
    readonly errors: readonly { readonly at: number; readonly error: SentError }[];
  };
