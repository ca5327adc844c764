import type { Clock, DurableFiles } from "../../base/mod.ts";
import { graphSources } from "../graph/sources_of.ts";
import { ChunkSource } from "./chunk_source.ts";
import type { SplitSource } from "./split_source.ts";

/** The sources of a dataset that is to be saved. Throws as `graphSources` does. */
export function sourcesOfGraph(
  graph: Uint8Array,
  { files, clock }: { files: DurableFiles; clock: Clock },
): SplitSource[] {
  return graphSources(graph).map((source) =>
    source.kind === "chunks" ? new ChunkSource({ path: source.path, files, clock }) : {
      count: source.count,
      isFinal: true,
      split: (index) => source.split(index),
    }
  );
}
