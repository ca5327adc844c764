// A byte order mark is data like any other; whoever wants to skip it does.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The text of `bytes`, or null where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Where the first byte lies that cannot be part of UTF-8 text; the length of `bytes` where only the end is
 * missing.
 */
export function invalidUtf8At(bytes: Uint8Array): number {
  const isPrefixValid = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    if (isPrefixValid(middle)) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** How many bytes `text` has in UTF-8. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
