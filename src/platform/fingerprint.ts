import { createHash } from "node:crypto";
import type { MaybePromise } from "../base/mod.ts";
import { fingerprint } from "../graph/mod.ts";

// More would hold other requests up: this takes about a millisecond.
const MOST_BYTES_AT_ONCE = 512 * 1024;

/**
 * As `fingerprint`, at once for graphs of a usual size: the engine's own digest goes to another thread and back, which
 * takes longer than anything else in the registration of a small graph.
 */
export function graphFingerprint(graph: Uint8Array): MaybePromise<string> {
  if (graph.byteLength > MOST_BYTES_AT_ONCE) return fingerprint(graph);
  return createHash("sha256").update(graph).digest("hex");
}
