import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkOneOf,
  checkString,
  InvalidArgumentError,
  show,
} from "../base/mod.ts";
import type { Element } from "../element/mod.ts";
import { COMPRESSIONS } from "./compression.ts";

/** The names of the record formats. */
export const RECORD_FORMATS = ["textLines", "csv", "jsonl", "tfrecord"] as const;

/** The name of a record format. */
export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** What a csv field may be turned into. */
export const CSV_TYPES = ["number", "string", "boolean", "bigint"] as const;

/** What a csv field may be turned into. */
export type CsvType = (typeof CSV_TYPES)[number];

/** Options of every format, completed. */
export interface FormatOptions {
  /** How the file is compressed; `auto` goes by its name: `.gz`, `.zlib`. @default "auto" */
  readonly compression: (typeof COMPRESSIONS)[number];
  /** Longest record in bytes. @default 1_073_741_824 */
  readonly maxRecordBytes: number;
}

/** Options of `csv`, completed. */
export interface CsvOptions extends FormatOptions {
  /** What separates fields. @default "," */
  readonly delimiter: string;
  /** Whether the first line names the fields. @default true */
  readonly header: boolean;
  /**
   * With a header: the fields to keep, in this order. Without: the names of all fields.
   *
   * @default null: all fields of the header; without a header records are arrays of fields
   */
  readonly columns: readonly string[] | null;
  /** What to turn fields into, by name; fields that are not named stay strings. @default {} */
  readonly types: Readonly<Record<string, CsvType>>;
}

const COMMON = ["compression", "maxRecordBytes"] as const;
const CSV = ["delimiter", "header", "columns", "types"] as const;

type RawOptions = { readonly [key: string]: Element | undefined };

/**
 * Checks the name of a format and its options.
 *
 * @throws {InvalidArgumentError} with the option's name, for an unknown one or a bad value
 */
export function checkFormatOptions(format: string, options: RawOptions): void {
  if (checkOneOf("format", format, RECORD_FORMATS) === "csv") completeCsvOptions(options);
  else completeFormatOptions(options);
}

/** Checks the options of a format without options of its own, and fills in the defaults. */
export function completeFormatOptions(options: RawOptions): FormatOptions {
  checkKeys("options", options, COMMON);
  return common(options);
}

function common({ compression = "auto", maxRecordBytes = 2 ** 30 }: RawOptions): FormatOptions {
  return {
    compression: checkOneOf("compression", compression, COMPRESSIONS),
    // A string of JavaScript has at most about 2^29 characters, an array buffer about 2^33 bytes.
    maxRecordBytes: checkInteger("maxRecordBytes", maxRecordBytes, { min: 1, max: 2 ** 32 }),
  };
}

/** Checks the options of `csv`, and fills in the defaults. */
export function completeCsvOptions(options: RawOptions): CsvOptions {
  checkKeys("options", options, [...COMMON, ...CSV]);
  const { delimiter = ",", header = true, columns = null, types = null } = options;
  const complete: CsvOptions = {
    ...common(options),
    delimiter: checkDelimiter(delimiter),
    header: checkBoolean("header", header),
    columns: columns === null ? null : checkColumns(columns),
    types: types === null ? {} : checkTypes(types),
  };
  checkTypedColumns(complete);
  return complete;
}

function checkDelimiter(value: unknown): string {
  const delimiter = checkString("delimiter", value);
  if (/["\r\n]/.test(delimiter)) {
    throw new InvalidArgumentError(
      `\`delimiter\` must hold no quote and no line end, got ${show(delimiter)}`,
    );
  }
  return delimiter;
}

function checkColumns(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.some((name) => typeof name !== "string")) {
    throw new InvalidArgumentError(`\`columns\` must be an array of one or more names, got ${show(value)}`);
  }
  const repeated = value.find((name, index) => value.indexOf(name) !== index);
  if (repeated !== undefined) throw new InvalidArgumentError(`\`columns\` must not repeat ${show(repeated)}`);
  return value as string[];
}

function checkTypes(value: unknown): Record<string, CsvType> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw new InvalidArgumentError(`\`types\` must be an object, got ${show(value)}`);
  }
  for (const [name, type] of Object.entries(value)) checkOneOf(`types.${name}`, type, CSV_TYPES);
  return value as Record<string, CsvType>;
}

function checkTypedColumns({ header, columns, types }: CsvOptions): void {
  const names = Object.keys(types);
  if (!header && columns === null && names.length > 0) {
    throw new InvalidArgumentError("`types` needs names: give `columns`, or a file with a header");
  }
  const stranger = columns && names.find((name) => !columns.includes(name));
  if (stranger) {
    throw new InvalidArgumentError(`\`types\` names ${show(stranger)}, which \`columns\` does not`);
  }
}
