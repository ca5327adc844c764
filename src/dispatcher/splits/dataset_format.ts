/** What the dispatcher asks somebody who may look into datasets of one format; to the core they are opaque. */

import type { SourceInfo } from "../../graph/mod.ts";
import type { OrderView } from "../core/resume.ts";
import type { Weakness } from "../core/updates.ts";

/** One format of dataset definitions. */
export interface DatasetFormat {
  /** Its name in `DatasetDef.format`. */
  readonly name: string;
  /** Throws for a definition that no worker could run, saying what is wrong with it. */
  check(graph: Uint8Array): void;
  /** Bytes of an element spec that are equal wherever the specs are; throws for bytes that are none. */
  canonicalSpec(spec: Uint8Array): Uint8Array;
  /**
   * What keeps a definition from being visited exactly once through the loss of a worker; null: nothing.
   *
   * @default the format: its elements do not tell what they were made of
   */
  weakness?(graph: Uint8Array): Weakness | null;
  /** Whether a definition gives the same elements in the same order each time it is run. @default nobody knows */
  order?(graph: Uint8Array): OrderView;
  /** The sources that can be split, by their index. Throws, naming the operator, where the dataset cannot be divided dynamically. */
  sources(graph: Uint8Array): readonly SourceInfo[];
  /** Whether the dataset has a shard whose numbers the HINT policy fills in. @default no: that policy divides nothing */
  hasShardHint?(graph: Uint8Array): boolean;
}
