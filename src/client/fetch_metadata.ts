import { DataLossError } from "../base/mod.ts";
import { checkSpec, decodeValue, type ElementSpec } from "../element/mod.ts";
import type { DatasetMetadata } from "../graph/mod.ts";
import { type CompressionWish, wishOf } from "./compression_wish.ts";
import { DispatcherLink } from "./dispatcher_link.ts";
import type { ServiceEnvironment } from "./environment.ts";

/** What a dispatcher knows of a registered dataset. */
export interface RegisteredMetadata extends DatasetMetadata {
  /** The compression that was registered with it. */
  readonly compression: CompressionWish;
}

/** How metadata is fetched. */
export interface FetchMetadataOptions {
  readonly environment: ServiceEnvironment;
  /** How long a dispatcher that cannot be reached is tried, in milliseconds. @default 300_000 */
  readonly dispatcherTimeoutMs?: number;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * What the dispatcher at `service` knows of a dataset.
 *
 * @throws {NotFoundError} if no dataset is registered under the id
 * @throws {UnavailableError} naming the dispatcher, if it could not be reached in `dispatcherTimeoutMs`
 */
export function fetchMetadata(
  service: string,
  datasetId: string,
  options: FetchMetadataOptions,
): Promise<RegisteredMetadata> {
  const { environment, dispatcherTimeoutMs, signal } = options;
  const link = new DispatcherLink(service, { environment, timeoutMs: dispatcherTimeoutMs });
  return fetchMetadataWith(link, datasetId, signal);
}

/** Fetches through a link that is there already. */
export async function fetchMetadataWith(
  link: DispatcherLink,
  datasetId: string,
  signal?: AbortSignal,
): Promise<RegisteredMetadata> {
  const { metadata } = await link.call(
    `look up dataset id ${datasetId}`,
    (client, call) => client.getDataServiceMetadata({ datasetId }, call),
    signal,
  );
  if (!metadata) {
    throw new DataLossError(`Cannot read the metadata of dataset id ${datasetId}: there is none`);
  }
  return {
    elementSpec: decodeSpec(metadata.elementSpec),
    cardinality: Number(metadata.cardinality),
    compression: wishOf(metadata.compression),
  };
}

function decodeSpec(bytes: Uint8Array): ElementSpec {
  return bytes.byteLength === 0 ? { kind: "any" } : checkSpec(decodeValue(bytes));
}
