import type { DatasetFormat } from "../../dispatcher/mod.ts";
import { canonicalSpec } from "../graph/canonical_spec.ts";
import { decodeGraph } from "../graph/decode_graph.ts";
import type { GraphSource } from "../graph/split_source.ts";
import { graphSources } from "../graph/sources_of.ts";

/** The name of TensorFlow's graphs among the dispatcher's dataset formats. */
export const TENSORFLOW = "tensorflow";

const known = new WeakMap<Uint8Array, readonly GraphSource[]>();

/** The sources of a registered graph; found once. Throws as `graphSources` does. */
export function sourcesOfDataset(graph: Uint8Array): readonly GraphSource[] {
  let sources = known.get(graph);
  if (!sources) known.set(graph, sources = graphSources(graph));
  return sources;
}

/** TensorFlow's graphs, which its own workers run. */
export const tensorflowFormat: DatasetFormat = {
  name: TENSORFLOW,
  check: (graph) => void decodeGraph(graph),
  canonicalSpec,
  sources: (graph) =>
    sourcesOfDataset(graph).map((source, index) => ({
      index,
      kind: "indexes",
      count: source.kind === "values" && source.count !== Infinity ? source.count : -1,
    })),
};
