/**
 * What is between a file's header and its end. A frame is the marker, the length of its content, its sequence
 * number (8 bytes), the CRC-32C of the content, the CRC-32C of these 20 bytes, and the content. Numbers are
 * little-endian and, but for the sequence number, have 4 bytes.
 *
 * A frame is written by one write. Its marker says whether all frames before it were synced when it was written, so
 * that it is known of which frames a loss of power may have left nothing: of the last frame of the last segment, and,
 * where that one did not wait, of those before it back to the one that did. The header's own checksum tells a torn end
 * from a damaged length, which would hide all frames behind it.
 */

import { crc32c } from "../../base/mod.ts";

/** Length of a frame without its content. */
export const FRAME_BYTES = 24;

const MARKER = 0x314a_4c53; // "SLJ1"
/** Of a frame that did not wait for those before it. */
const HASTY_MARKER = 0x316a_4c53; // "SLj1"
const HEADER_CHECKSUM_AT = 20;

/** A frame that was read. */
export interface Frame {
  /** Where it begins. */
  readonly offset: number;
  readonly sequence: number;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Where the next one begins. */
  readonly end: number;
}

/** What is wrong with a frame. */
export interface BadFrame {
  readonly offset: number;
  readonly problem: string;
  /** Whether the end of the file can be the reason: a write that was cut short leaves this, too. */
  readonly mayBeTorn: boolean;
}

/** One frame with `contents` one after the other. `isHasty`: not all frames before it are synced. */
export function encodeFrame(
  sequence: number,
  contents: readonly Uint8Array[],
  isHasty = false,
): Uint8Array<ArrayBuffer> {
  const length = contents.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(FRAME_BYTES + length);
  let at = FRAME_BYTES;
  for (const content of contents) {
    bytes.set(content, at);
    at += content.length;
  }
  bytes.set(encodeFrameHeader(sequence, length, crc32c(bytes.subarray(FRAME_BYTES)), isHasty));
  return bytes;
}

/** What stands before the content of a frame, which is written in pieces: its length and its CRC-32C. */
export function encodeFrameHeader(
  sequence: number,
  length: number,
  checksum: number,
  isHasty = false,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, isHasty ? HASTY_MARKER : MARKER, true);
  view.setUint32(4, length, true);
  view.setBigUint64(8, BigInt(sequence), true);
  view.setUint32(16, checksum, true);
  view.setUint32(HEADER_CHECKSUM_AT, crc32c(bytes.subarray(0, HEADER_CHECKSUM_AT)), true);
  return bytes;
}

/** Reads the frame at `offset`, which is not the end of the file. */
export function readFrame(bytes: Uint8Array<ArrayBuffer>, offset: number): Frame | BadFrame {
  const left = bytes.length - offset;
  if (left < FRAME_BYTES) {
    return { offset, problem: `${left} bytes are left of the ${FRAME_BYTES} of a frame`, mayBeTorn: true };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_BYTES);
  const header = bytes.subarray(offset, offset + HEADER_CHECKSUM_AT);
  const marker = view.getUint32(0, true);
  const isMarked = marker === MARKER || marker === HASTY_MARKER;
  if (!isMarked || view.getUint32(HEADER_CHECKSUM_AT, true) !== crc32c(header)) {
    // A lost page reads as zeros while the pages behind it are there: then no frame follows that waited for it.
    return { offset, problem: "it is no frame's header", mayBeTorn: !hasFrameBehind(bytes, offset) };
  }
  const length = view.getUint32(4, true);
  const end = offset + FRAME_BYTES + length;
  if (end > bytes.length) {
    const there = left - FRAME_BYTES;
    return { offset, problem: `${there} bytes are left of ${length}`, mayBeTorn: true };
  }
  const content = bytes.subarray(offset + FRAME_BYTES, end);
  const checksum = view.getUint32(16, true);
  const computed = crc32c(content);
  if (checksum !== computed) {
    const problem = `the checksum is ${checksum}, computed ${computed}`;
    return { offset, problem, mayBeTorn: end === bytes.length || !hasFrameBehind(bytes, end - 1) };
  }
  return { offset, sequence: Number(view.getBigUint64(8, true)), content, end };
}

/** Whether a frame with a sound header that waited for all before it begins somewhere behind `offset`. */
function hasFrameBehind(bytes: Uint8Array, offset: number): boolean {
  const first = MARKER & 0xff;
  const last = bytes.length - FRAME_BYTES;
  for (let at = bytes.indexOf(first, offset + 1); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_BYTES);
    if (view.getUint32(0, true) !== MARKER) continue;
    const header = bytes.subarray(at, at + HEADER_CHECKSUM_AT);
    if (view.getUint32(HEADER_CHECKSUM_AT, true) === crc32c(header)) return true;
  }
  return false;
}
