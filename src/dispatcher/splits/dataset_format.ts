/** Datasets are opaque to the core; a format is somebody who may look inside. */

import { canonicalSpec } from "./canonical_spec.ts";
import { parseGraph, type SourceInfo, sourcesOf } from "../../graph/mod.ts";

/** What the dispatcher needs to know of datasets of one format. */
export interface DatasetFormat {
  /** Its name in `DatasetDef.format`. */
  readonly name: string;
  /** Refuses a definition that no worker could run; @throws {InvalidArgumentError} or {DataLossError} saying what is wrong. */
  check(graph: Uint8Array): void;
  /** Bytes of an element spec that are equal wherever the specs are. */
  canonicalSpec(spec: Uint8Array): Uint8Array;
  /**
   * The sources whose input can be split, by their index. Throws where the dataset cannot be divided
   * dynamically, naming the operator.
   */
  sources(graph: Uint8Array): readonly SourceInfo[];
}
