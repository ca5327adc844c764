import { assertNever } from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import type { CsvType } from "./format_options.ts";

/** Turns the text of a field into a value; throws an error that says why it cannot. */
export type FieldConverter = (text: string) => Element;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
const WORDS: ReadonlyMap<string, number> = new Map([
  ["", NaN],
  ["nan", NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["+infinity", Infinity],
  ["-infinity", -Infinity],
]);

function unfit(text: string, type: CsvType): TypeError {
  return new TypeError(`${JSON.stringify(text)} is not a ${type}`);
}

function toNumber(text: string): number {
  const trimmed = text.trim();
  if (DECIMAL.test(trimmed)) return Number(trimmed);
  const value = WORDS.get(trimmed.toLowerCase());
  if (value === undefined) throw unfit(text, "number");
  return value;
}

function toBoolean(text: string): boolean {
  switch (text.trim().toLowerCase()) {
    case "true":
    case "1":
      return true;
    case "false":
    case "0":
      return false;
    default:
      throw unfit(text, "boolean");
  }
}

function toBigInt(text: string): bigint {
  const trimmed = text.trim();
  if (!INTEGER.test(trimmed)) throw unfit(text, "bigint");
  return BigInt(trimmed.replace(/^\+/, ""));
}

/**
 * The converter to a type. Blanks around numbers and booleans do not count. An empty field is NaN as a
 * number, and so is `nan`; `inf` and `infinity` are numbers too. Booleans are `true`, `false`, `1` and `0` in
 * any case.
 */
export function converterTo(type: CsvType): FieldConverter {
  switch (type) {
    case "number":
      return toNumber;
    case "string":
      return (text) => text;
    case "boolean":
      return toBoolean;
    case "bigint":
      return toBigInt;
    default:
      return assertNever(type);
  }
}
