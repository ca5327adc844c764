const MODULUS = 65_521;
// The most bytes whose sums stay below 2^32 without a modulo in between.
const RUN = 5_552;

/** The Adler-32 checksum of `bytes`, going on from `adler`; it ends every zlib stream. */
export function adler32(bytes: Uint8Array, adler = 1): number {
  let a = adler & 0xffff;
  let b = adler >>> 16;
  for (let start = 0; start < bytes.length; start += RUN) {
    const end = Math.min(start + RUN, bytes.length);
    for (let i = start; i < end; i++) {
      a += bytes[i];
      b += a;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return ((b << 16) | a) >>> 0;
}
