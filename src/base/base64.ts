/** Bytes as text, on every runtime: `Uint8Array.prototype.toBase64` is not in all of them. */

import { InvalidArgumentError } from "./errors.ts";

// Arguments of a call lie on the stack.
const CHUNK = 8_192;

/** Bytes in base64. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(text);
}

/** The bytes of `text`. @throws {InvalidArgumentError} if it is not base64 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  let decoded: string;
  try {
    decoded = atob(text);
  } catch (cause) {
    throw new InvalidArgumentError("Cannot decode a text as base64: it holds other characters", { cause });
  }
  const bytes = new Uint8Array(decoded.length);
  for (let i = 0; i < decoded.length; i++) bytes[i] = decoded.charCodeAt(i);
  return bytes;
}
