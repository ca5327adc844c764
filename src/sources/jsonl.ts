import { messageOf } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { type LineFormat, SKIP } from "./line_decoder.ts";

/** One JSON value a line; blank lines are skipped. */
export const jsonlFormat: LineFormat = {
  convert(line) {
    try {
      return JSON.parse(line) as Element;
    } catch (error) {
      if (line.trim() === "") return SKIP;
      throw new SyntaxError(`it is not JSON (${messageOf(error)})`, { cause: error });
    }
  },
  skipsByteOrderMark: true,
};
