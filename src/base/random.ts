/** The random port: whoever needs chance takes a {@linkcode Random}, so that a seed repeats what happened. */

/** Where chance comes from. */
export interface Random {
  /** A whole number in [0, 2^32). */
  uint32(): number;
  /** A number in [0, 1), 32 bits fine. */
  float(): number;
  /** A whole number in [0, limit); `limit` is at most 2^32. */
  below(limit: number): number;
}

/** Mixes the bits of `x` so that any change of the input changes about half of the output (a 32-bit finaliser). */
export function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** One 32-bit seed out of several numbers; the order counts, and so do the high halves of large numbers. */
export function mixSeeds(...parts: number[]): number {
  let seed = 0x9e3779b9;
  for (const part of parts) {
    seed = mix32(seed ^ (part >>> 0));
    seed = mix32(seed ^ Math.floor(part / 0x1_0000_0000));
  }
  return seed;
}

/** A fast seeded generator (xoshiro128**), whose state can be saved. Not for secrets. */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Starts the sequence of `seed`, a whole number below 2^53. */
  constructor(seed: number) {
    this.#a = mixSeeds(seed, 1);
    this.#b = mixSeeds(seed, 2);
    this.#c = mixSeeds(seed, 3);
    this.#d = mixSeeds(seed, 4) | 1;
  }

  uint32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  below(limit: number): number {
    // Multiply-shift instead of a modulo: no bias that a shuffle could show, and no division.
    return Math.floor(this.float() * limit);
  }

  /** The state, to be given to {@linkcode SeededRandom.restore}. */
  save(): number[] {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** Goes on from a saved state. */
  restore(state: readonly number[]): void {
    [this.#a, this.#b, this.#c, this.#d] = state as [number, number, number, number];
  }
}

/** The twin of {@linkcode SeededRandom} outside tests: the platform's cryptographic source. */
export const systemRandom: Random = {
  uint32: () => crypto.getRandomValues(new Uint32Array(1))[0],
  float: () => systemRandom.uint32() / 0x1_0000_0000,
  below: (limit) => Math.floor(systemRandom.float() * limit),
};
