/** The definition of a dataset as the journal names it; the bytes lie in a file of their own. */

import { crc32c } from "../../base/mod.ts";

/** What a journal states of a definition. */
export interface DefinitionInfo {
  /** SHA-256 in hex: equal definitions are kept once. */
  readonly fingerprint: string;
  /** Length. */
  readonly bytes: number;
  readonly crc32c: number;
}

const known = new WeakMap<Uint8Array, number>();

/** States of `graph` what can be checked when it is read again. */
export function definitionInfo(fingerprint: string, graph: Uint8Array): DefinitionInfo {
  // Definitions may have megabytes and are named again by each snapshot.
  let checksum = known.get(graph);
  if (checksum === undefined) known.set(graph, checksum = crc32c(graph));
  return { fingerprint, bytes: graph.length, crc32c: checksum };
}
