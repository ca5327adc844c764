/** What the graph must know of an operator. A new operator is a node type in `nodes.ts` and one such entry. */

import type { ElementSpec } from "../element/mod.ts";
import type { Attribute } from "./attributes.ts";
import type { GraphNode, ListFilesNode } from "./nodes.ts";
import type { SourceInfo } from "./source_info.ts";

/** How many inputs an operator takes. */
export interface Arity {
  readonly min: number;
  readonly max: number;
}

/** Arity of a source. */
export const NO_INPUT: Arity = { min: 0, max: 0 };
/** Arity of an operator on one dataset. */
export const ONE_INPUT: Arity = { min: 1, max: 1 };

/** What stands in for knowledge that the graph does not have. */
export interface CardinalityFacts {
  /** The number of files that a list of patterns stands for, or undefined where it is not known. */
  fileCount(node: ListFilesNode): number | undefined;
}

/** The definition of the operator of node type `N`. */
export interface Operator<N extends GraphNode> {
  readonly arity: Arity;
  /** The kind of each attribute. */
  readonly attributes: { readonly [K in Exclude<keyof N, "op" | "inputs">]-?: Attribute };
  /** Checks what holds between attributes; each is known to be of its kind. */
  check?(node: N): void;
  /** Number of elements, by tf.data's rules, out of those of the inputs. */
  cardinality(node: N, inputs: readonly number[], facts: CardinalityFacts): number;
  /** The element spec out of those of the inputs. */
  spec(node: N, inputs: readonly ElementSpec[]): ElementSpec;
  /** Set for sources whose input can be split. */
  source?(node: N): Omit<SourceInfo, "index">;
  /** Index of an input that every task runs as a whole when the others are split. */
  replicatedInput?(node: N): number;
  /** Set where the inputs are run by other processes: they are part of the graph but not of the pipeline. */
  readonly remoteInputs?: true;
}

/** The definition of an operator whose node type is known at run time only. */
export type AnyOperator = Omit<Operator<GraphNode>, "attributes"> & {
  readonly attributes: Readonly<Record<string, Attribute>>;
};
