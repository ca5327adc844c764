import type { LineFormat } from "./line_decoder.ts";

/** Each line as a string, without its end. Nothing else is cut: not blanks, not a byte order mark. */
export const textLinesFormat: LineFormat = { convert: (line) => line, skipsByteOrderMark: false };
