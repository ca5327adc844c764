import { InvalidArgumentError } from "../../base/mod.ts";
import type { DatasetFormat } from "./dataset_format.ts";

/** The dataset formats that a dispatcher takes. */
export class FormatRegistry {
  readonly #formats: ReadonlyMap<string, DatasetFormat>;

  /** Takes `formats` by their names. */
  constructor(formats: readonly DatasetFormat[]) {
    this.#formats = new Map(formats.map((format) => [format.name, format]));
  }

  /** @throws {InvalidArgumentError} for a format that is not known, listing those that are */
  get(name: string): DatasetFormat {
    const format = this.#formats.get(name);
    if (format) return format;
    throw new InvalidArgumentError(
      `Cannot take a dataset of format "${name}": known are ${
        [...this.#formats.keys()].map((known) => `"${known}"`).join(", ")
      }`,
    );
  }
}
