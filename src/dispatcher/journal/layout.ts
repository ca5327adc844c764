/** What the files of a journal are called. */

/** Segments, snapshots and the lock. */
export const JOURNAL = "journal";

/** Definitions by fingerprint. */
export const DATASETS = "datasets";

/** Held by the dispatcher that uses the directory. */
export const LOCK = `${JOURNAL}/lock`;

const NAME = /^(\d{10})\.(segment|snapshot)$/;

/** Updates from one number on. */
export function segmentName(number: number): string {
  return `${JOURNAL}/${String(number).padStart(10, "0")}.segment`;
}

/** The state before the first update of the segment of the same number. */
export function snapshotName(number: number): string {
  return `${JOURNAL}/${String(number).padStart(10, "0")}.snapshot`;
}

/** The name under which a file is written until it is whole. */
export function asideName(name: string): string {
  return `${name}.tmp`;
}

/** Whether a file was being written when somebody stopped. */
export function isAside(name: string): boolean {
  return name.endsWith(".tmp");
}

/** What files of the journal's directory are, by their numbers in order. */
export function sortFiles(names: readonly string[]): { segments: number[]; snapshots: number[] } {
  const found = { segment: [] as number[], snapshot: [] as number[] };
  for (const name of names) {
    const match = name.match(NAME);
    if (match) found[match[2] as "segment" | "snapshot"].push(Number(match[1]));
  }
  const sorted = (numbers: number[]) => numbers.sort((a, b) => a - b);
  return { segments: sorted(found.segment), snapshots: sorted(found.snapshot) };
}
