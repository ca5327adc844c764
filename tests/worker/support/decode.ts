import { checkSpec, decodeBlock, decodeValue, type Element } from "../../../src/element/mod.ts";

/** The elements of a block that lies in pieces. */
export function elementsOf(
  pieces: readonly Uint8Array[],
  header: { encoding: "columnar" | "selfDescribing"; count: number; spec: Uint8Array | null },
): Element[] {
  const payload = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    payload.set(piece, offset);
    offset += piece.byteLength;
  }
  const { encoding, count, spec } = header;
  const reader = decodeBlock(payload, { encoding, count, spec: spec && checkSpec(decodeValue(spec)) });
  return Array.from({ length: reader.count }, (_, i) => reader.get(i));
}
