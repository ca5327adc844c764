import type { GraphNode } from "../graph/mod.ts";
import type { CompressionWish } from "./compression_wish.ts";
import { defineDataset } from "./define_dataset.ts";
import { DispatcherLink } from "./dispatcher_link.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requestId } from "./request_id.ts";

/** How a dataset is registered. */
export interface RegisterDatasetOptions {
  readonly environment: ServiceEnvironment;
  /** How its blocks are compressed unless a reader says otherwise. @default "AUTO" */
  readonly compression?: CompressionWish;
  /** Its id; null: one that the dispatcher makes. @default null */
  readonly datasetId?: string | null;
  /** How long a dispatcher that cannot be reached is tried, in milliseconds. @default 300_000 */
  readonly dispatcherTimeoutMs?: number;
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Registers the dataset of a graph with the dispatcher at `service`, and gives its id.
 *
 * @throws {InvalidArgumentError} if `service` is no target, a function of the graph cannot travel, or the id belongs
 * to a dataset of another structure
 * @throws {FailedPreconditionError} if a local module cannot be bundled here
 * @throws {UnavailableError} naming the dispatcher, if it could not be reached in `dispatcherTimeoutMs`
 */
export function registerDataset(
  service: string,
  graph: GraphNode,
  options: RegisterDatasetOptions,
): Promise<string> {
  const { environment, dispatcherTimeoutMs, ...rest } = options;
  return registerWith(
    new DispatcherLink(service, { environment, timeoutMs: dispatcherTimeoutMs }),
    graph,
    rest,
  );
}

/** Registers through a link that is there already. */
export async function registerWith(
  link: DispatcherLink,
  graph: GraphNode,
  options: Pick<RegisterDatasetOptions, "compression" | "datasetId" | "signal"> & {
    /** Whether the caller registers the dataset again where it is not found. @default false */
    readonly renewable?: boolean;
  },
): Promise<string> {
  const { compression = "AUTO", datasetId = null, renewable = false, signal } = options;
  const { environment } = link;
  const definition = await defineDataset(graph, { compression, environment, signal });
  const request = {
    ...definition,
    datasetId: datasetId ?? undefined,
    renewable,
    requestId: requestId(environment.random),
  };
  const answer = await link.call(
    "register the dataset",
    (client, call) => client.getOrRegisterDataset(request, call),
    signal,
  );
  return answer.datasetId;
}
