/** The envelopes of Connect's streams: one byte of flags, the length of the message as a big-endian uint32, the message. */

import { DataLossError } from "../base/mod.ts";

/** Largest message that a reader takes, in bytes: one element of 1 GiB with its header. */
export const MAX_ENVELOPE_BYTES = 1024 * 1024 * 1024 + 64 * 1024;

/** Bytes of the prefix. */
export const PREFIX_BYTES = 5;

/** Flag of the message that ends a stream. */
export const END_STREAM_FLAG = 0b10;

/** What stands before a message. */
export interface EnvelopePrefix {
  readonly flags: number;
  readonly length: number;
}

/** Writes a prefix to the first bytes of `target`. */
export function writePrefix(target: Uint8Array, flags: number, length: number): void {
  new DataView(target.buffer, target.byteOffset, PREFIX_BYTES).setUint32(1, length);
  target[0] = flags;
}

/** @throws {DataLossError} for flags that are not known, or a length over the limit */
export function readPrefix(bytes: Uint8Array): EnvelopePrefix {
  const flags = bytes[0];
  const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getUint32(1);
  if (flags !== 0 && flags !== END_STREAM_FLAG) {
    throw new DataLossError(`Cannot read a stream of elements: an envelope has flags ${flags}`);
  }
  if (length > MAX_ENVELOPE_BYTES) {
    throw new DataLossError(
      `Cannot read a stream of elements: an envelope of ${length} bytes is over the limit of ${MAX_ENVELOPE_BYTES}`,
    );
  }
  return { flags, length };
}

/** One whole envelope. */
export function encodeEnvelope(flags: number, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const envelope = new Uint8Array(PREFIX_BYTES + message.byteLength);
  writePrefix(envelope, flags, message.byteLength);
  envelope.set(message, PREFIX_BYTES);
  return envelope;
}
