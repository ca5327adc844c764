/** What is known of a source whose input can be split. */
export interface SourceInfo {
  /** Its place in depth-first order, inputs from left to right. */
  readonly index: number;
  /** Whether its splits are ranges of indexes or lists of files. */
  readonly kind: "indexes" | "files";
  /** How many indexes there are; -1: endless; -2 for files, which only listing them can count. */
  readonly count: number;
  /** Files: the patterns to be listed. */
  readonly patterns?: readonly string[];
  /** Files: whether their order is random. */
  readonly shuffle?: boolean;
  /** Files: seed of that order; null: another one in each iteration. */
  readonly seed?: number | null;
}
