/** SHA-256 of a serialised graph, in hex: equal graphs have equal fingerprints. */
export async function fingerprint(bytes: Uint8Array): Promise<string> {
  // Copied where the memory may be shared: `digest` refuses that, and it is no place for a race.
  const own = bytes.buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : new Uint8Array(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", own));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
