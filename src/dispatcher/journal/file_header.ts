/**
 * The first 32 bytes of a file: the magic (8 bytes), the version, the file's number (4 bytes each), the sequence
 * number of the first frame (8), four zeros, and the CRC-32C of all that. Numbers are little-endian. Every
 * version begins with the magic and the version, and ends its header with the checksum at this place.
 */

import { crc32c, DataLossError, FailedPreconditionError } from "../../base/mod.ts";

/** The version that is written, and the only one that is read. */
export const JOURNAL_VERSION = 2;

/** Length of a header. */
export const HEADER_BYTES = 32;

const CHECKSUM_AT = 28;
const MAGICS = { segment: "SLUICEJ\n", snapshot: "SLUICES\n" };

/** What a file is. */
export interface FileHeader {
  readonly kind: "segment" | "snapshot";
  /** The number in the file's name. */
  readonly number: number;
  /** The sequence number of the first frame. */
  readonly first: number;
}

/** The header as bytes. */
export function encodeHeader({ kind, number, first }: FileHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(new TextEncoder().encode(MAGICS[kind]));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, JOURNAL_VERSION, true);
  view.setUint32(12, number, true);
  view.setBigUint64(16, BigInt(first), true);
  view.setUint32(CHECKSUM_AT, crc32c(bytes.subarray(0, CHECKSUM_AT)), true);
  return bytes;
}

/**
 * Reads the header of the file called `name` and gives the sequence number of its first frame.
 *
 * @throws {DataLossError} if it is damaged or belongs to another file
 * @throws {FailedPreconditionError} if another version wrote the file
 */
export function decodeHeader(
  bytes: Uint8Array,
  name: string,
  expected: { kind: FileHeader["kind"]; number: number },
): number {
  const fail = (problem: string) =>
    new DataLossError(`Cannot read the journal: "${name}" is damaged at byte 0: ${problem}`);
  if (bytes.length < HEADER_BYTES) {
    throw fail(`it ends after ${bytes.length} of ${HEADER_BYTES} header bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const computed = crc32c(bytes.subarray(0, CHECKSUM_AT));
  const checksum = view.getUint32(CHECKSUM_AT, true);
  if (checksum !== computed) throw fail(`the header's checksum is ${checksum}, computed ${computed}`);
  const magic = new TextDecoder().decode(bytes.subarray(0, 8));
  if (magic !== MAGICS[expected.kind]) throw fail(`it is no ${expected.kind} of a journal`);
  const version = view.getUint32(8, true);
  if (version !== JOURNAL_VERSION) {
    throw new FailedPreconditionError(
      `Cannot read the journal: "${name}" has version ${version}, this program reads version ${JOURNAL_VERSION}`,
    );
  }
  const number = view.getUint32(12, true);
  if (number !== expected.number) throw fail(`the header says file ${number}, the name ${expected.number}`);
  return Number(view.getBigUint64(16, true));
}
