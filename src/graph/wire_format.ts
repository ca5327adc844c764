/**
 * How a graph is written down: one element in the self-describing encoding,
 *
 * ```text
 * { modules: { [hash]: code }, nodes: [{ op, inputs: [index], ...attributes }], version: 1 }
 * ```
 *
 * with the keys of nodes and of option records in order. Nodes stand after their inputs, the root last. Nodes
 * that say the same stand there once, whether the graph shared them or not: equal graphs have equal bytes. The
 * order of keys inside the user's own elements is theirs: it is part of the data.
 */

/** Version of the format. */
export const GRAPH_VERSION = 1;

/** Longest graph in bytes. */
export const MAX_GRAPH_BYTES = 256 * 2 ** 20;

/** Most nodes of a graph. */
export const MAX_GRAPH_NODES = 100_000;

/** Most nodes from a source to the root: operators pull each other recursively when the pipeline runs. */
export const MAX_GRAPH_DEPTH = 1_000;

/** The record with its keys in order. */
export function sortKeys<T>(record: Readonly<Record<string, T>>): { [key: string]: T } {
  const keys = Object.keys(record).sort();
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}
