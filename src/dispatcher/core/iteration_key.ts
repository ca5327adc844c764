/**
 * Keys name iterations among those of all dispatchers. A key also says how the sources of its iteration were put in
 * order, so that another iteration can be given the same: `<seed>-<order>-<chance>`, in hex.
 */

const KEY = /^([0-9a-f]{8})-([0-9a-f]{8})-[0-9a-f]{16}$/;

/** What is in a key. */
export interface IterationKey {
  /** Shuffles without a seed of their own went by it. */
  readonly seed: number;
  /** Checksum of the sources' descriptions in their order. */
  readonly order: number;
}

/** A key; `chance` are 64 bits in hex that nobody else has. */
export function iterationKey({ seed, order }: IterationKey, chance: string): string {
  return `${hex(seed)}-${hex(order)}-${chance}`;
}

/** What is in a key; null: it is none. */
export function parseIterationKey(key: string): IterationKey | null {
  const match = KEY.exec(key);
  return match && { seed: parseInt(match[1], 16), order: parseInt(match[2], 16) };
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, "0");
}
