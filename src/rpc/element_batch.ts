/**
 * Element batches on the hot path, written and read by hand: the same bytes as the stock Connect handler's, two
 * copies fewer. A message is `envelope prefix (5 bytes) | fields | padding | payload`, the payload last, so that
 * its bytes go out, and come in, where they already are.
 */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DataLossError, joinBytes } from "../base/mod.ts";
import type { CodecName } from "../element/mod.ts";
import { Compression } from "../gen/sluice/v1/dataset_pb.ts";
import {
  BlockEncoding,
  type ElementBatch,
  ElementBatchSchema,
  ElementErrorSchema,
} from "../gen/sluice/v1/element_pb.ts";
import { MAX_ENVELOPE_BYTES, writePrefix } from "./envelope.ts";

/** Layout of a block's payload. */
export type BlockEncodingName = "columnar" | "selfDescribing";

/** What a pipeline failed with, as it travels; see `ElementError` in `element.proto`. */
export interface ElementFailure {
  readonly code: string;
  readonly message: string;
  readonly errorClass: string;
}

/** What a batch says besides its payload; see `element.proto`. */
export interface BatchHeader {
  readonly sequence: number;
  readonly count: number;
  readonly encoding: BlockEncodingName;
  readonly compression: CodecName;
  /** Bytes of the payload before compression. */
  readonly uncompressedSize: number;
  /** The element spec, encoded; null: as before. */
  readonly spec: Uint8Array | null;
  /** Set in the first batch of a stream; else empty. */
  readonly sessionId: string;
  readonly endOfSequence: boolean;
  /** An error of the pipeline, in place of elements. */
  readonly error?: ElementFailure;
  /** Elements at the beginning that the reader leaves out. @default 0 */
  readonly skipCount?: number;
  /** The end is near: others hold blocks that may come back. @default false */
  readonly draining?: boolean;
  /** What each element consumed, in the encoding of src/element/provenance/. @default not tracked */
  readonly provenance?: Uint8Array;
}

/** A batch to be sent. */
export interface WireBatch extends BatchHeader {
  /** The payload in pieces, which go out without being joined. */
  readonly payload: readonly Uint8Array<ArrayBuffer>[];
}

/** A batch that came in. */
export interface ReceivedBatch extends BatchHeader {
  /** Begins at a multiple of 8 bytes of its buffer. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

const ENCODING_NUMBER: Record<BlockEncodingName, BlockEncoding> = {
  columnar: BlockEncoding.COLUMNAR,
  selfDescribing: BlockEncoding.SELF_DESCRIBING,
};

const COMPRESSION_NUMBER: Record<CodecName, Compression> = {
  NONE: Compression.NONE,
  SNAPPY: Compression.SNAPPY,
  ZSTD: Compression.ZSTD,
  GZIP: Compression.GZIP,
};

const CODEC_NAME: Partial<Record<Compression, CodecName>> = {
  [Compression.NONE]: "NONE",
  [Compression.SNAPPY]: "SNAPPY",
  [Compression.ZSTD]: "ZSTD",
  [Compression.GZIP]: "GZIP",
};

/** The number of a codec in the protocol. */
export function compressionNumber(name: CodecName): Compression {
  return COMPRESSION_NUMBER[name];
}

/** The codec of a number in the protocol, or undefined for AUTO and for numbers that are not known. */
export function codecName(compression: Compression): CodecName | undefined {
  return CODEC_NAME[compression];
}

/** The batch as the message that the stock Connect handler sends. */
export function toElementBatch(batch: WireBatch): Omit<ElementBatch, "$typeName" | "$unknown" | "padding"> {
  const { skipCount = 0, draining = false } = batch;
  return {
    sequence: BigInt(batch.sequence),
    count: batch.count,
    encoding: ENCODING_NUMBER[batch.encoding],
    compression: COMPRESSION_NUMBER[batch.compression],
    uncompressedSize: BigInt(batch.uncompressedSize),
    elementSpec: batch.spec ?? new Uint8Array(),
    sessionId: batch.sessionId,
    endOfSequence: batch.endOfSequence,
    ...(batch.error && { error: create(ElementErrorSchema, batch.error) }),
    skipCount,
    draining,
    provenance: batch.provenance ?? new Uint8Array(),
    payload: joinBytes(batch.payload),
  };
}

// Numbers of the fields in element.proto.
const FIELD = {
  sequence: 1,
  count: 2,
  encoding: 3,
  compression: 4,
  uncompressedSize: 5,
  elementSpec: 6,
  sessionId: 7,
  endOfSequence: 8,
  error: 9,
  skipCount: 10,
  draining: 11,
  provenance: 12,
  padding: 14,
  payload: 15,
} as const;

// So much of a payload is copied behind its header: a piece of its own, which wakes the reader up, costs more.
const JOINED_BYTES = 32 * 1024;

/** The envelope of a batch, in the pieces that are to be sent one after the other. */
export function encodeBatch(batch: WireBatch): Uint8Array<ArrayBuffer>[] {
  const size = batch.payload.reduce((sum, piece) => sum + piece.byteLength, 0);
  const fields = encodeFields(batch, size);
  const first = new Uint8Array(5 + fields.byteLength + Math.min(size, JOINED_BYTES));
  writePrefix(first, 0, fields.byteLength + size);
  first.set(fields, 5);
  const pieces = [first];
  let at = 5 + fields.byteLength;
  for (const piece of batch.payload) {
    const joined = piece.subarray(0, first.byteLength - at);
    first.set(joined, at);
    at += joined.byteLength;
    if (joined.byteLength < piece.byteLength) pieces.push(piece.subarray(joined.byteLength));
  }
  return pieces;
}

/** Everything of the message up to its payload's first byte. */
function encodeFields(batch: WireBatch, payloadSize: number): Uint8Array {
  const writer = new BinaryWriter();
  if (batch.sequence) writer.tag(FIELD.sequence, WireType.Varint).uint64(batch.sequence);
  if (batch.count) writer.tag(FIELD.count, WireType.Varint).uint32(batch.count);
  writer.tag(FIELD.encoding, WireType.Varint).int32(ENCODING_NUMBER[batch.encoding]);
  writer.tag(FIELD.compression, WireType.Varint).int32(COMPRESSION_NUMBER[batch.compression]);
  if (batch.uncompressedSize) {
    writer.tag(FIELD.uncompressedSize, WireType.Varint).uint64(batch.uncompressedSize);
  }
  if (batch.spec?.byteLength) writer.tag(FIELD.elementSpec, WireType.LengthDelimited).bytes(batch.spec);
  if (batch.sessionId) writer.tag(FIELD.sessionId, WireType.LengthDelimited).string(batch.sessionId);
  if (batch.endOfSequence) writer.tag(FIELD.endOfSequence, WireType.Varint).bool(true);
  if (batch.error) {
    const error = toBinary(ElementErrorSchema, create(ElementErrorSchema, batch.error));
    writer.tag(FIELD.error, WireType.LengthDelimited).bytes(error);
  }
  if (batch.skipCount) writer.tag(FIELD.skipCount, WireType.Varint).uint32(batch.skipCount);
  if (batch.draining) writer.tag(FIELD.draining, WireType.Varint).bool(true);
  if (batch.provenance) writer.tag(FIELD.provenance, WireType.LengthDelimited).bytes(batch.provenance);
  const fields = writer.finish();
  if (payloadSize === 0) return fields;
  const payloadTag = new BinaryWriter().tag(FIELD.payload, WireType.LengthDelimited).uint32(payloadSize)
    .finish();
  // Envelope prefix, fields, tag and length of the padding (2 bytes), padding and payload tag must fill whole words.
  const unpadded = 5 + fields.byteLength + 2 + payloadTag.byteLength;
  const padding = new Uint8Array((8 - (unpadded % 8)) % 8);
  const padded = new BinaryWriter().tag(FIELD.padding, WireType.LengthDelimited).bytes(padding).finish();
  return joinBytes([fields, padded, payloadTag]);
}

/**
 * A batch out of a message that lies `offset` bytes into its buffer; the payload is a view of it.
 *
 * @throws {DataLossError} if the bytes are no batch, or contradict themselves
 */
export function decodeBatch(message: Uint8Array<ArrayBuffer>): ReceivedBatch {
  let batch: ElementBatch;
  try {
    batch = fromBinary(ElementBatchSchema, message, { readUnknownFields: false });
  } catch (cause) {
    throw new DataLossError("Cannot read an element batch: its bytes are damaged", { cause });
  }
  return fromElementBatch(batch);
}

/** The batch of a message. @throws {DataLossError} if it contradicts itself, or holds what is not known */
export function fromElementBatch(batch: ElementBatch): ReceivedBatch {
  const uncompressedSize = Number(batch.uncompressedSize);
  const compression = codecName(batch.compression);
  if (compression === undefined) {
    throw new DataLossError(
      `Cannot read element batch ${batch.sequence}: compression ${batch.compression} is not known`,
    );
  }
  if (
    batch.count > 0 && batch.encoding !== BlockEncoding.COLUMNAR &&
    batch.encoding !== BlockEncoding.SELF_DESCRIBING
  ) {
    throw new DataLossError(
      `Cannot read element batch ${batch.sequence}: encoding ${batch.encoding} is not known`,
    );
  }
  if (batch.skipCount > 0 && batch.skipCount >= batch.count) {
    throw new DataLossError(
      `Cannot read element batch ${batch.sequence}: ${batch.skipCount} of its ${batch.count} elements are left out`,
    );
  }
  if (uncompressedSize > MAX_ENVELOPE_BYTES) {
    throw new DataLossError(
      `Cannot read element batch ${batch.sequence}: ${uncompressedSize} bytes are over the limit of ${MAX_ENVELOPE_BYTES}`,
    );
  }
  return {
    sequence: Number(batch.sequence),
    count: batch.count,
    encoding: batch.encoding === BlockEncoding.SELF_DESCRIBING ? "selfDescribing" : "columnar",
    compression,
    uncompressedSize,
    spec: batch.elementSpec.byteLength > 0 ? batch.elementSpec : null,
    sessionId: batch.sessionId,
    endOfSequence: batch.endOfSequence,
    ...(batch.error && { error: batch.error }),
    ...(batch.skipCount > 0 && { skipCount: batch.skipCount }),
    ...(batch.draining && { draining: true }),
    ...(batch.provenance.byteLength > 0 && { provenance: batch.provenance }),
    payload: aligned(batch.payload as Uint8Array<ArrayBuffer>),
  };
}

/** The same bytes at a multiple of 8: a sender that does not pad costs one copy. */
function aligned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}
