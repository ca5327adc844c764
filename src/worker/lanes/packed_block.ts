import { joinBytes } from "../../base/mod.ts";
import {
  BlockEncoder,
  checkSpec,
  decodeBlock,
  decodeValue,
  type Element,
  encodeValue,
} from "../../element/mod.ts";
import type { Block } from "../runners/block_packer.ts";

/** A block in one buffer, which can be transferred to another thread. */
export interface PackedBlock {
  readonly encoding: Block["encoding"];
  readonly count: number;
  readonly spec: Uint8Array<ArrayBuffer> | null;
  readonly bytes: ArrayBuffer;
  readonly provenance: Block["provenance"];
}

/**
 * Copies a block into a buffer of its own. Its chunks may be the memory of elements (those of 64 KiB and more), and
 * what a user's function has kept must not be gone when the buffer is transferred.
 */
export function packBlock(
  { encoding, count, spec, chunks, byteLength, provenance = null }:
    & Pick<Block, "encoding" | "count" | "spec" | "chunks" | "byteLength">
    & Partial<Block>,
): PackedBlock {
  return { encoding, count, spec, bytes: joinBytes(chunks, byteLength).buffer, provenance };
}

/** The block that was packed. `spec` is the one of an earlier block that says the same, so that readers need not be told again. */
export function unpackBlock(packed: PackedBlock, spec: Uint8Array<ArrayBuffer> | null): Block {
  const { encoding, count, bytes, provenance } = packed;
  const same = spec !== null && packed.spec !== null && sameBytes(spec, packed.spec);
  return {
    encoding,
    count,
    spec: same ? spec : packed.spec,
    chunks: [new Uint8Array(bytes)],
    byteLength: bytes.byteLength,
    provenance,
  };
}

/** Packs elements: at least one. */
export function packElements(elements: readonly Element[]): PackedBlock {
  const encoder = new BlockEncoder();
  for (const element of elements) encoder.add(element);
  const { encoding, count, spec, chunks, byteLength } = encoder.finish();
  return packBlock({
    encoding,
    count,
    spec: encoding === "columnar" && spec ? encodeValue(spec) : null,
    chunks,
    byteLength,
  });
}

/** The elements that were packed: views over the buffer where that is possible. */
export function unpackElements({ encoding, count, spec, bytes }: PackedBlock): Element[] {
  const reader = decodeBlock(new Uint8Array(bytes), {
    encoding,
    count,
    spec: spec && checkSpec(decodeValue(spec)),
    maxBytes: bytes.byteLength,
  });
  return Array.from({ length: count }, (_, i) => reader.get(i));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
