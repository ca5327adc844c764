/**
 * Floor 1: what an element is, its spec, and how blocks of elements become bytes and views of bytes again.
 *
 * @module
 */
export { type BlockHeader, type BlockReader, decodeBlock } from "./block.ts";
export { BlockEncoder, type EncodedBlock } from "./block_encoder.ts";
export { byteSize } from "./byte_size.ts";
export { checkElement } from "./check.ts";
export { checkSpec } from "./check_spec.ts";
export type { Codec, CodecName } from "./codecs/codec.ts";
export { CodecSet } from "./codecs/codec_set.ts";
export { portableCodecs } from "./codecs/portable_codecs.ts";
export { copyElement } from "./copy.ts";
export { bytesOfArray, classOfDType, dtypeOfArray, isTypedArray, sizeOfDType } from "./dtypes.ts";
export { inferSpec } from "./infer_spec.ts";
export { matchesSpec, specEquals } from "./match_spec.ts";
export { mergeSpecs } from "./merge_specs.ts";
export { padAndStack } from "./pad.ts";
export { type BlockProvenance, decodeProvenance } from "./provenance/block_provenance.ts";
export { decodeConsumed, encodeConsumed } from "./provenance/consumed_codec.ts";
export { type ConsumedPass, ConsumedSet, type ConsumedSource } from "./provenance/consumed_set.ts";
export {
  IndexRun,
  Ledger,
  type LedgerEntries,
  type LedgerRun,
  NO_MORE_OFFSETS,
  type SourcePass,
} from "./provenance/ledger.ts";
export { gathered } from "./provenance/scattered.ts";
export { ProvenanceWriter } from "./provenance/provenance_writer.ts";
export { showSpec } from "./show_spec.ts";
export { slices } from "./slices.ts";
export type { ElementSpec } from "./spec.ts";
export { stack } from "./stack.ts";
export { isTensor } from "./tensors.ts";
export type { DType, Element, Tensor, TypedArray } from "./types.ts";
export { type Parts, stackedLength, unstack } from "./unstack.ts";
export { decodeValue, encodeValue } from "./value.ts";
