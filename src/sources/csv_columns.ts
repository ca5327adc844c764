import type { Element } from "../element/mod.ts";
import { converterTo, type FieldConverter } from "./csv_convert.ts";
import type { CsvOptions } from "./format_options.ts";

interface Column {
  readonly name: string;
  readonly index: number;
  readonly convert: FieldConverter;
}

/** Turns the fields of a record into an element. */
export class CsvColumns {
  /** How many fields each record has. */
  readonly width: number;
  readonly #columns: readonly Column[] | null;

  private constructor(width: number, columns: readonly Column[] | null) {
    this.width = width;
    this.#columns = columns;
  }

  /**
   * The columns of a file whose first line gave `names`.
   *
   * @throws {Error} that says what is wrong with the first line
   */
  static ofHeader(names: readonly string[], { columns, types }: CsvOptions): CsvColumns {
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined) throw new Error(`it names the field ${JSON.stringify(repeated)} twice`);
    for (const wanted of [...(columns ?? []), ...Object.keys(types)]) {
      if (!names.includes(wanted)) {
        throw new Error(`it names no field ${JSON.stringify(wanted)}: ${list(names)}`);
      }
    }
    return new CsvColumns(
      names.length,
      (columns ?? names).map((name) => columnOf(name, names.indexOf(name), types)),
    );
  }

  /**
   * The columns of a file without a header; its first record has `width` fields.
   *
   * @throws {Error} that says that the record does not fit
   */
  static ofOptions(width: number, { columns, types }: CsvOptions): CsvColumns {
    if (columns === null) return new CsvColumns(width, null);
    return new CsvColumns(columns.length, columns.map((name, index) => columnOf(name, index, types)));
  }

  /**
   * The element of a record.
   *
   * @throws {Error} that names the field that cannot be converted
   */
  elementOf(fields: readonly string[]): Element {
    if (fields.length !== this.width) {
      throw new Error(
        `it has ${fields.length} field${fields.length === 1 ? "" : "s"} instead of ${this.width}`,
      );
    }
    if (this.#columns === null) return fields;
    const record: Record<string, Element> = {};
    for (const { name, index, convert } of this.#columns) {
      const value = convertField(name, convert, fields[index]);
      // Assigning to this one name would set the prototype.
      if (name === "__proto__") {
        Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
      } else record[name] = value;
    }
    return record;
  }
}

function columnOf(name: string, index: number, types: CsvOptions["types"]): Column {
  return { name, index, convert: converterTo(Object.hasOwn(types, name) ? types[name] : "string") };
}

function convertField(name: string, convert: FieldConverter, text: string): Element {
  try {
    return convert(text);
  } catch (error) {
    throw new Error(`field ${JSON.stringify(name)}: ${(error as Error).message}`, { cause: error });
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name)).join(", ");
  return names.length > 10 ? `${shown}, and ${names.length - 10} more` : shown;
}
