/** The Huffman code of HPACK (RFC 7541, appendix B), for reading. */

import { DataLossError } from "../../../base/mod.ts";

/**
 * How many bits the code of each byte has, and last that of the end. Codes of one length follow one another in the
 * order of the bytes, so that the lengths say everything.
 */
const LENGTHS: readonly number[] = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  30,
];

const END = 256;
const LONGEST = 30;

/** For each length: its first code, and the bytes that have codes of that length, in order. */
const CODES = codesByLength();

function codesByLength(): { first: number; symbols: number[] }[] {
  const codes = Array.from({ length: LONGEST + 1 }, () => ({ first: 0, symbols: [] as number[] }));
  LENGTHS.forEach((length, symbol) => codes[length].symbols.push(symbol));
  for (let length = 1; length <= LONGEST; length++) {
    const shorter = codes[length - 1];
    codes[length].first = (shorter.first + shorter.symbols.length) * 2;
  }
  return codes;
}

/** Decodes a string. @throws {DataLossError} for bits that are no code, or a padding of more than seven ones */
export function decodeHuffman(bytes: Uint8Array): string {
  let text = "";
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      if (length > LONGEST) throw new DataLossError("A header holds bits that are no Huffman code");
      const { first, symbols } = CODES[length];
      const symbol = symbols[code - first];
      if (symbol === undefined) continue;
      if (symbol === END) throw new DataLossError("A header ends within its Huffman code");
      text += String.fromCharCode(symbol);
      code = 0;
      length = 0;
    }
  }
  if (length > 7 || code !== 2 ** length - 1) {
    throw new DataLossError("A header's Huffman code is not padded as it must be");
  }
  return text;
}
