/** GetOrRegisterDataset. */

import { InvalidArgumentError } from "../../base/mod.ts";
import { compressionName } from "./compression_name.ts";
import type { DeepReadonly } from "./deep_readonly.ts";
import { answer, type Context, type Decision } from "./decision.ts";
import { recall } from "./recent.ts";
import { datasetsCrowdedOut } from "./retention.ts";
import type { DatasetMetadata } from "./updates.ts";

/** A dataset to be registered. */
export interface RegisterDatasetRequest {
  readonly format: string;
  readonly graph: Uint8Array;
  readonly fingerprint: string;
  readonly metadata: DatasetMetadata;
  /** null: the dispatcher makes one. */
  readonly datasetId: string | null;
  /** The caller registers it again where it is not found; without effect where `datasetId` is given. @default false */
  readonly renewable?: boolean;
  readonly requestId: string | null;
}

/**
 * Registers a dataset under a new id, or finds the one that has the explicit id already; its first definition
 * stays. The reply is the id.
 */
export function registerDataset(context: Context, request: RegisterDatasetRequest): Decision<string> {
  const { state, now } = context;
  const { requestId } = request;
  const former = recall(state.requests.datasets, requestId);
  if (former !== undefined && state.datasets.has(former)) return answer(former);
  const datasetId = request.datasetId ?? String(state.next.dataset);
  const existing = request.datasetId === null ? undefined : state.datasets.get(request.datasetId);
  if (existing) {
    checkSameStructure(existing.id, existing, request);
    return answer(existing.id);
  }
  const { format, graph, fingerprint, metadata } = request;
  const renewable = request.datasetId === null && (request.renewable ?? false);
  const dataset = { datasetId, format, graph, fingerprint, metadata, requestId, renewable };
  return {
    updates: [...datasetsCrowdedOut(context), { type: "registerDataset", ...dataset, at: now }],
    reply: () => datasetId,
  };
}

interface Structured {
  readonly format: string;
  readonly metadata: DeepReadonly<DatasetMetadata>;
}

function checkSameStructure(id: string, existing: Structured, got: Structured): void {
  const differences: string[] = [];
  if (existing.format !== got.format) {
    differences.push(`existing format: ${existing.format}; got ${got.format}`);
  }
  if (!sameBytes(existing.metadata.elementSpec, got.metadata.elementSpec)) {
    differences.push("the element specs differ");
  }
  const compare = (what: string, ours: unknown, theirs: unknown) => {
    if (ours !== theirs) differences.push(`existing ${what}: ${ours}; got ${theirs}`);
  };
  const [ours, theirs] = [existing.metadata, got.metadata];
  compare("compression", compressionName(ours.compression), compressionName(theirs.compression));
  compare("cardinality", ours.cardinality, theirs.cardinality);
  if (differences.length === 0) return;
  throw new InvalidArgumentError(
    `Datasets with the same ID should have the same structure, but for "${id}" ${differences.join(", ")}`,
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
