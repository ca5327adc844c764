/** Nodes that read files. */

import { checkKeys, InvalidArgumentError, show } from "../../base/mod.ts";
import type { Element } from "../../element/mod.ts";
import {
  checkNode,
  type GraphNode,
  graphOf,
  type ListFilesNode,
  type ReadFilesNode,
} from "../../graph/mod.ts";
import { checkFormatOptions } from "../../sources/mod.ts";
import type { Dataset } from "../dataset.ts";

/**
 * Which files to read: a path, glob or URL, several of them, or a dataset of paths and URLs. Files are read one
 * after the other; a glob stands for the files that match it, sorted. A name that exists is taken literally,
 * whatever characters it has. Relative paths belong to the directory of the process that reads.
 *
 * @example
 * ```ts
 * import { Dataset, type FileInput } from "@sluice/data";
 * import { assertEquals } from "@std/assert";
 *
 * const files: FileInput = Dataset.fromArray(["data:,one%0Atwo", "data:,three"]);
 * assertEquals(await Dataset.textLines(files).toArray(), ["one", "two", "three"]);
 * ```
 */
export type FileInput = string | readonly string[] | Dataset<string>;

/** Options of `Dataset.listFiles`. */
export interface ListFilesOptions {
  /**
   * Whether the names come in random order, another one in each pass without a `seed`; otherwise sorted.
   *
   * @default false
   */
  shuffle?: boolean;
  /**
   * A whole number that repeats the order of `shuffle`.
   *
   * @default undefined
   */
  seed?: number;
}

/** Options of everything that reads records out of files. */
export interface FileOptions {
  /**
   * How the files are compressed; `auto` goes by the end of their names: `.gz` and `.zlib`.
   *
   * @default "auto"
   */
  compression?: "none" | "gzip" | "zlib" | "auto";
  /**
   * Longest record, in bytes. A longer one is a `DataLossError`.
   *
   * @default 1_073_741_824
   */
  maxRecordBytes?: number;
}

/** Options of `Dataset.csv`. */
export interface CsvFileOptions extends FileOptions {
  /**
   * What separates the fields of a line.
   *
   * @default ","
   */
  delimiter?: string;
  /**
   * Whether the first line names the fields.
   *
   * @default true
   */
  header?: boolean;
  /**
   * With a header the names of the fields to keep, without one the names of all fields.
   *
   * @default all fields of the header; without a header, elements are arrays of strings
   */
  columns?: readonly string[];
  /**
   * What to turn fields into, by their names; others stay strings. A field that cannot be turned is a
   * `DataLossError`.
   *
   * @default {}
   */
  types?: { readonly [column: string]: "number" | "string" | "boolean" | "bigint" };
}

/** File names. */
export function listFilesNode(
  pattern: string | readonly string[],
  options: ListFilesOptions = {},
): ListFilesNode {
  checkKeys("options", options, ["shuffle", "seed"]);
  const { shuffle = false, seed = null } = options;
  return checkNode({ op: "listFiles", inputs: [], patterns: patternsOf("pattern", pattern), shuffle, seed });
}

/** The records of files. */
export function readFilesNode(
  format: ReadFilesNode["format"],
  files: FileInput,
  options: FileOptions | CsvFileOptions = {},
): ReadFilesNode {
  checkKeys("options", options, ["compression", "maxRecordBytes", "delimiter", "header", "columns", "types"]);
  const given: { [key: string]: Element } = {};
  for (const [key, value] of Object.entries(options)) if (value !== undefined) given[key] = value;
  checkFormatOptions(format, given);
  return checkNode({ op: "readFiles", inputs: [namesNode(files)], format, options: given });
}

function namesNode(files: FileInput): GraphNode {
  const patterns = patternsOf("files", files);
  return graphOf(files) ?? checkNode({ op: "listFiles", inputs: [], patterns, shuffle: false, seed: null });
}

/** The patterns of an argument; none for a dataset. */
function patternsOf(name: string, files: unknown): string[] {
  if (graphOf(files) !== undefined) return [];
  if (typeof files === "string") return [files];
  if (Array.isArray(files) && files.length > 0) return [...files];
  throw new InvalidArgumentError(
    `\`${name}\` must be a path, glob or URL, or a non-empty array of them, got ${show(files)}`,
  );
}
