/**
 * Consumed sets as bytes. All numbers are varints: seven bits a byte, low bits first.
 *
 * A set is its passes one after the other, ascending by source, then by repetition; no bytes are an empty set. A pass:
 *
 * | number | meaning |
 * |---|---|
 * | source, repetition | which pass |
 * | ranges | how many ranges of whole indexes follow; each is the gap since the end of the one before, and its length |
 * | partial | how many indexes follow of which some outputs are consumed |
 *
 * Each of those is the gap since the index before plus one (from -1), twice the number of its ranges of outputs, plus
 * 1 if the last of them has no end, and those ranges as above; one without an end has no length.
 */

import type { Range } from "../../base/mod.ts";
import { ByteWriter, concatBytes } from "../byte_writer.ts";
import { ConsumedSet, type ConsumedSource, plain } from "./consumed_set.ts";
import { NO_MORE_OFFSETS } from "./ledger.ts";
import { VarintReader } from "./varints.ts";

/** The bytes of a set; equal sets have equal bytes. */
export function encodeConsumed(set: ConsumedSet | Iterable<ConsumedSource>): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(64);
  for (const pass of plain(set instanceof ConsumedSet ? set : new ConsumedSet(set))) encodePass(out, pass);
  const chunks = out.finish();
  return chunks.length === 0 ? new Uint8Array() : concatBytes(chunks).slice();
}

function encodePass(out: ByteWriter, { source, repetition, ranges, partial }: ConsumedSource): void {
  out.varint(source);
  out.varint(repetition);
  out.varint(ranges.length);
  encodeRanges(out, ranges, false);
  out.varint(partial.length);
  let after = 0;
  for (const { index, offsets } of partial) {
    out.varint(index - after);
    const isOpen = offsets[offsets.length - 1].end === NO_MORE_OFFSETS;
    out.varint(2 * offsets.length + Number(isOpen));
    encodeRanges(out, offsets, isOpen);
    after = index + 1;
  }
}

function encodeRanges(out: ByteWriter, ranges: readonly Range[], isOpen: boolean): void {
  let at = 0;
  ranges.forEach(({ start, end }, i) => {
    out.varint(start - at);
    if (!isOpen || i < ranges.length - 1) out.varint(end - start);
    at = end;
  });
}

/**
 * The set of bytes that {@linkcode encodeConsumed} gave. What it takes of memory is in proportion to the bytes.
 *
 * @throws {DataLossError} for any others
 */
export function decodeConsumed(bytes: Uint8Array): ConsumedSet {
  const set = new ConsumedSet();
  const reader = new VarintReader(bytes, "a set of consumed elements");
  let last = { source: -1, repetition: -1 };
  while (reader.left > 0) {
    const source = reader.next();
    const repetition = reader.next();
    if (source < last.source || (source === last.source && repetition <= last.repetition)) {
      throw reader.fail(`pass ${repetition} of source ${source} is not in its order`);
    }
    last = { source, repetition };
    decodePass(reader, set, source, repetition);
  }
  return set;
}

function decodePass(reader: VarintReader, set: ConsumedSet, source: number, repetition: number): void {
  const count = reader.next();
  decodeRanges(reader, { count, isOpen: false }, (start, end) => set.add(source, repetition, start, end));
  const partial = reader.next();
  if (count === 0 && partial === 0) throw reader.fail("a pass has nothing in it");
  let after = 0;
  for (let i = 0; i < partial; i++) {
    const index = reader.whole(after + reader.next());
    if (set.of(source, repetition)?.ranges.has(index)) throw reader.fail(`index ${index} stands there twice`);
    const shape = reader.next();
    if (shape < 2) throw reader.fail(`index ${index} has no outputs`);
    decodeRanges(reader, { count: Math.floor(shape / 2), isOpen: shape % 2 === 1 }, (start, end) => {
      set.addOffsets(source, repetition, index, start, end);
    });
    if (set.of(source, repetition)?.ranges.has(index)) throw reader.fail(`index ${index} is whole`);
    after = index + 1;
  }
}

function decodeRanges(
  reader: VarintReader,
  { count, isOpen }: { count: number; isOpen: boolean },
  add: (start: number, end: number) => void,
): void {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const gap = reader.next();
    if (i > 0 && gap === 0) throw reader.fail("two ranges touch");
    const start = reader.whole(at + gap);
    const isLast = isOpen && i === count - 1;
    const end = isLast ? NO_MORE_OFFSETS : reader.whole(start + reader.next());
    if (start >= end) throw reader.fail("a range is empty");
    if (end === NO_MORE_OFFSETS && !isLast) throw reader.fail("a range is too long");
    add(start, end);
    at = end;
  }
}
