/** Types of `snappyjs`, which ships none: what is used of it. */

/** The raw Snappy form of `bytes`. */
export function compress(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
