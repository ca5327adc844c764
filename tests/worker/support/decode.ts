import { joinBytes } from "../../../src/base/mod.ts";
import { checkSpec, decodeBlock, decodeValue, type Element } from "../../../src/element/mod.ts";

/** The elements of a block that lies in pieces. */
export function elementsOf(
  pieces: readonly Uint8Array[],
  header: { encoding: "columnar" | "selfDescribing"; count: number; spec: Uint8Array | null },
): Element[] {
  const { encoding, count, spec } = header;
  const reader = decodeBlock(joinBytes(pieces), {
    encoding,
    count,
    spec: spec && checkSpec(decodeValue(spec)),
  });
  return Array.from({ length: reader.count }, (_, i) => reader.get(i));
}
