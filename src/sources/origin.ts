import { DataLossError, ResourceExhaustedError } from "../base/mod.ts";

/** Where records come from, for the messages of errors. */
export class Origin {
  readonly #name: string;
  readonly #decompressed: boolean;

  /** `decompressed` says that offsets count the bytes after decompression. */
  constructor(name: string, decompressed: boolean) {
    this.#name = name;
    this.#decompressed = decompressed;
  }

  #place(what: string, at: number): string {
    const offset = this.#decompressed ? `decompressed byte ${at}` : `byte ${at}`;
    return `${what} of ${JSON.stringify(this.#name)} at ${offset}`;
  }

  /** The error of a damaged record. `what` is `record 7`, counted from 0, or `line 7`, counted from 1. */
  damaged(what: string, at: number, problem: string, cause?: unknown): DataLossError {
    return new DataLossError(`Cannot read ${this.#place(what, at)}: ${problem}`, { cause });
  }

  /** The error of a record that is longer than the reader may hold. */
  tooLong(what: string, at: number, bytes: string, limit: number): ResourceExhaustedError {
    return new ResourceExhaustedError(
      `Cannot read ${this.#place(what, at)}: it has ${bytes} bytes, \`maxRecordBytes\` is ${limit}`,
    );
  }
}
