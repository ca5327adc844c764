import fc from "fast-check";
import { DataLossError } from "../../src/base/mod.ts";
import type { Element } from "../../src/element/mod.ts";
import { END, MORE, type RecordDecoder } from "../../src/sources/record_decoder.ts";
import type { RecordReader } from "../../src/sources/mod.ts";

/** UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Bytes cut into pieces at random places. */
export function cuts(bytes: Uint8Array<ArrayBuffer>): fc.Arbitrary<Uint8Array<ArrayBuffer>[]> {
  return fc.array(fc.nat(bytes.length), { maxLength: 8 }).map((places) => {
    const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length];
    return sorted.slice(1).map((end, i) => bytes.slice(sorted[i], end));
  });
}

/** What a decoder gave: records, and the errors between them. */
export interface Decoded {
  readonly records: Element[];
  readonly errors: Error[];
}

/** Decodes chunks to the end, going on behind errors. */
export function decodeAll(decoder: RecordDecoder, chunks: readonly Uint8Array<ArrayBuffer>[]): Decoded {
  const decoded: Decoded = { records: [], errors: [] };
  const rest = [...chunks];
  for (;;) {
    try {
      const record = decoder.next();
      if (record === END) return decoded;
      if (record !== MORE) decoded.records.push(record);
      else if (rest.length > 0) decoder.push(rest.shift()!);
      else decoder.end();
    } catch (error) {
      decoded.errors.push(error as Error);
      if (decoded.errors.length > 1_000) {
        throw new Error("the decoder does not come to an end", { cause: error });
      }
    }
  }
}

/** Reads to the end, going on behind errors. */
export async function readAll(reader: RecordReader): Promise<Decoded> {
  const decoded: Decoded = { records: [], errors: [] };
  for (;;) {
    try {
      const record = await reader.next();
      if (record === END) return decoded;
      decoded.records.push(record);
    } catch (error) {
      decoded.errors.push(error as Error);
      if (decoded.errors.length > 1_000) {
        throw new Error("the reader does not come to an end", { cause: error });
      }
    }
  }
}

/** Whether every error says that data is damaged. */
export function areDataLoss(errors: readonly Error[]): boolean {
  return errors.every((error) => error instanceof DataLossError);
}
