/** Turning a graph into what a dispatcher registers. */

import { FailedPreconditionError, raceAbort } from "../base/mod.ts";
import { encodeValue } from "../element/mod.ts";
import {
  cardinalityOf,
  elementSpecOf,
  type GraphNode,
  moduleFunctionsOf,
  serializeGraph,
} from "../graph/mod.ts";
import { type CompressionWish, wishNumber } from "./compression_wish.ts";
import type { ServiceEnvironment } from "./environment.ts";

/** The definition and the metadata of a dataset, as `GetOrRegisterDatasetRequest` has them. */
export interface DatasetDefinition {
  readonly dataset: { readonly format: "sluice"; readonly graph: Uint8Array<ArrayBuffer> };
  readonly metadata: {
    readonly elementSpec: Uint8Array<ArrayBuffer>;
    readonly compression: number;
    readonly cardinality: bigint;
  };
}

/**
 * Writes a graph down, with the code of its local modules.
 *
 * @throws {FailedPreconditionError} if it cannot be written down, for want of a bundler say
 * @throws {InvalidArgumentError} for a function that cannot travel
 */
export async function defineDataset(
  graph: GraphNode,
  options: { compression: CompressionWish; environment: ServiceEnvironment; signal?: AbortSignal },
): Promise<DatasetDefinition> {
  const { compression, environment, signal } = options;
  const bundles = await bundleModules(graph, environment, signal);
  const spec = elementSpecOf(graph);
  return {
    dataset: { format: "sluice", graph: serialize(graph, { bundles, modules: environment.modules }) },
    metadata: {
      elementSpec: spec.kind === "any" ? new Uint8Array() : encodeValue(spec),
      compression: wishNumber(compression),
      cardinality: BigInt(cardinalityOf(graph)),
    },
  };
}

async function bundleModules(
  graph: GraphNode,
  { bundle }: ServiceEnvironment,
  signal: AbortSignal | undefined,
): Promise<Map<string, { readonly hash: string; readonly code: string }>> {
  const bundles = new Map<string, { readonly hash: string; readonly code: string }>();
  if (!bundle) return bundles;
  for (const { url, hash } of moduleFunctionsOf(graph)) {
    if (hash !== null || !url.startsWith("file:") || bundles.has(url)) continue;
    bundles.set(url, await raceAbort(bundle(url), signal));
  }
  return bundles;
}

function serialize(...args: Parameters<typeof serializeGraph>): Uint8Array<ArrayBuffer> {
  try {
    return serializeGraph(...args);
  } catch (error) {
    if (!(error instanceof FailedPreconditionError)) throw error;
    throw new FailedPreconditionError(
      `Serialization error while trying to register a dataset: ${error.message}`,
      { cause: error },
    );
  }
}
