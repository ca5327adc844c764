/** The definitions of datasets, each in a file of its own under its fingerprint. */

import { crc32c, DataLossError, InternalError, NotFoundError } from "../../base/mod.ts";
import type { DefinitionInfo } from "./definition_info.ts";
import type { JournalFiles } from "./journal_files.ts";
import { DATASETS } from "./layout.ts";
import type { Definitions } from "./update_codec.ts";
import { writeWhole } from "./write_whole.ts";

/** Keeps definitions in files, equal ones once. */
export class DefinitionFiles {
  readonly #files: JournalFiles;
  /** What was read; equal definitions share the bytes. Empty after the replay. */
  readonly #read = new Map<string, Uint8Array>();
  /** What is durable and named by something that will be replayed. */
  #kept = new Set<string>();

  /** Knows of none yet. */
  constructor(files: JournalFiles) {
    this.#files = files;
  }

  /** Gives what was loaded. */
  readonly get: Definitions = (fingerprint) => {
    const graph = this.#read.get(fingerprint);
    if (graph) return graph;
    throw new DataLossError(`Cannot read the journal: it does not name dataset definition ${fingerprint}`);
  };

  /**
   * Reads what is named, unless that is done.
   *
   * @throws {DataLossError} naming the file, if it is missing or damaged
   */
  async load(named: readonly DefinitionInfo[]): Promise<void> {
    for (const info of named) {
      if (this.#read.has(info.fingerprint)) continue;
      this.#read.set(info.fingerprint, await this.#load(info));
      this.#kept.add(info.fingerprint);
    }
  }

  /** Lets go of the bytes that were read: the state has them. */
  release(): void {
    this.#read.clear();
  }

  /** Writes a definition, unless that is done; resolves when it is durable. What a crash has left is replaced. */
  async store(fingerprint: string, graph: Uint8Array): Promise<void> {
    if (this.#kept.has(fingerprint)) return;
    await writeWhole(this.#files, fileOf(fingerprint), [graph]);
    this.#kept.add(fingerprint);
  }

  /** A snapshot stands for all that was stored so far, and names these only. */
  keepOnly(fingerprints: ReadonlySet<string>): void {
    this.#kept = this.#kept.intersection(fingerprints);
  }

  /** Removes the files that nothing names. Not while one is stored, and not before the snapshot is durable. */
  async clean(): Promise<void> {
    for (const name of await this.#files.list(DATASETS)) {
      if (!this.#kept.has(name)) await this.#files.remove(`${DATASETS}/${name}`);
    }
  }

  async #load({ fingerprint, bytes, crc32c: expected }: DefinitionInfo): Promise<Uint8Array> {
    const name = fileOf(fingerprint);
    const fail = (problem: string, cause?: unknown) =>
      new DataLossError(`Cannot read the journal: "${this.#files.describe(name)}" ${problem}`, { cause });
    let graph: Uint8Array;
    try {
      graph = await this.#files.read(name);
    } catch (error) {
      if (error instanceof NotFoundError) throw fail("is missing", error);
      throw error;
    }
    if (graph.length !== bytes) throw fail(`is damaged: it has ${graph.length} bytes instead of ${bytes}`);
    const computed = crc32c(graph);
    if (computed !== expected) throw fail(`is damaged: the checksum is ${expected}, computed ${computed}`);
    return graph;
  }
}

function fileOf(fingerprint: string): string {
  // It becomes a file's name: nothing that leads elsewhere may come in.
  if (/^[0-9a-zA-Z]{1,128}$/.test(fingerprint)) return `${DATASETS}/${fingerprint}`;
  throw new InternalError(`Cannot name a file after the fingerprint ${JSON.stringify(fingerprint)}`);
}
