import { BlockEncoder, type Element, encodeValue } from "../../../src/element/mod.ts";
import type { WireBatch } from "../../../src/rpc/mod.ts";

/** A batch without elements, of no session. */
export const EMPTY_BATCH: WireBatch = {
  sequence: 0,
  count: 0,
  encoding: "columnar",
  compression: "NONE",
  uncompressedSize: 0,
  spec: null,
  sessionId: "",
  endOfSequence: false,
  payload: [],
};

/** One block of elements, as it is sent. */
export function batchOf(elements: readonly Element[], sequence: number): WireBatch {
  const encoder = new BlockEncoder();
  for (const element of elements) encoder.add(element);
  const { encoding, count, spec, chunks, byteLength } = encoder.finish();
  return {
    ...EMPTY_BATCH,
    sequence,
    encoding,
    count,
    uncompressedSize: byteLength,
    spec: spec && encodeValue(spec),
    payload: chunks,
  };
}
