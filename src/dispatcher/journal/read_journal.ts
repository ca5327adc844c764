/** Reading a journal's files in their order, without changing anything. */

import {
  DataLossError,
  FailedPreconditionError,
  InternalError,
  messageOf,
  SluiceError,
} from "../../base/mod.ts";
import type { DispatcherState } from "../core/state.ts";
import type { Update } from "../core/updates.ts";
import { DefinitionFiles } from "./definition_files.ts";
import { decodeHeader, HEADER_BYTES } from "./file_header.ts";
import { type Frame, readFrame } from "./frame.ts";
import type { JournalFiles } from "./journal_files.ts";
import { JOURNAL, segmentName, snapshotName, sortFiles } from "./layout.ts";
import { readState } from "./state_text.ts";
import { decodeUpdates } from "./update_codec.ts";

/** A place in a journal. */
export interface Place {
  /** The file as messages show it. */
  readonly file: string;
  /** The first byte. */
  readonly offset: number;
  /** How many bytes there are. */
  readonly bytes: number;
}

/** What is in a journal, in order. */
export type JournalItem =
  /** The state before the first update; at most one, and the first of all. */
  | Place & { readonly kind: "snapshot"; readonly state: DispatcherState }
  /** Updates that were written together. */
  | Place & { readonly kind: "updates"; readonly updates: readonly Update[] }
  /** The last segment, read to its end; `bytes` behind `offset` are of a write that a crash cut short. */
  | Place & { readonly kind: "end"; readonly number: number; readonly next: number };

/** What a journal is read with. */
export interface ReadOptions {
  files: JournalFiles;
  /** Keeps what is read of definitions. */
  definitions?: DefinitionFiles;
}

/**
 * Reads a journal from its latest snapshot on. Ends with an item of kind "end" unless there is no segment.
 *
 * @throws {DataLossError} naming file and offset, if anything but the last write is damaged
 * @throws {FailedPreconditionError} naming the file, if another version wrote it
 */
export async function* readJournal(options: ReadOptions): AsyncGenerator<JournalItem, void, void> {
  const { files, definitions = new DefinitionFiles(options.files) } = options;
  const { segments, snapshots } = sortFiles(await files.list(JOURNAL));
  const snapshot = snapshots.at(-1);
  if (snapshot === undefined && segments.length === 0) return;
  let next: number | null = null;
  if (snapshot !== undefined) {
    const { item, first } = await readSnapshot(files, definitions, snapshot);
    yield item;
    next = first;
  }
  const begin = snapshot ?? 0;
  const last = Math.max(begin, segments.at(-1) ?? 0);
  for (let number = begin; number <= last; number++) {
    const name = segmentName(number);
    const file = files.describe(name);
    if (!segments.includes(number)) {
      throw new DataLossError(`Cannot read the journal: "${file}" is missing`);
    }
    const bytes = await files.read(name);
    // A header is durable before the first frame is written.
    if (number === last && bytes.length <= HEADER_BYTES && isTornHeader(bytes, file, number)) {
      yield { kind: "end", file, offset: 0, bytes: bytes.length, number, next: next ?? 0 };
      return;
    }
    const first = decodeHeader(bytes, file, { kind: "segment", number });
    if (next !== null && first !== next) {
      throw damaged(file, 0, `it begins with frame ${first}, and ${next} is the next one`);
    }
    next = first;
    let offset = HEADER_BYTES;
    while (offset < bytes.length) {
      const frame = readFrame(bytes, offset);
      if ("problem" in frame) {
        if (number === last && frame.mayBeTorn) break;
        throw damaged(file, offset, frame.problem);
      }
      if (frame.sequence !== next) throw damaged(file, offset, `frame ${next} is due, not ${frame.sequence}`);
      yield await readUpdates(definitions, file, frame);
      next++;
      offset = frame.end;
    }
    if (number === last) {
      yield { kind: "end", file, offset, bytes: bytes.length - offset, number, next };
    }
  }
}

function isTornHeader(bytes: Uint8Array, file: string, number: number): boolean {
  try {
    decodeHeader(bytes, file, { kind: "segment", number });
    return false;
  } catch (error) {
    if (error instanceof DataLossError) return true;
    throw error;
  }
}

async function readUpdates(definitions: DefinitionFiles, file: string, frame: Frame): Promise<JournalItem> {
  const { offset, content, end } = frame;
  try {
    const record = decodeUpdates(content);
    if (record.definitions.length > 0) await definitions.load(record.definitions);
    return { kind: "updates", file, offset, bytes: end - offset, updates: record.updates(definitions.get) };
  } catch (error) {
    throw inFile(error, file, offset);
  }
}

async function readSnapshot(
  files: JournalFiles,
  definitions: DefinitionFiles,
  number: number,
): Promise<{ item: JournalItem; first: number }> {
  const name = snapshotName(number);
  const file = files.describe(name);
  const bytes = await files.read(name);
  const first = decodeHeader(bytes, file, { kind: "snapshot", number });
  const offset = HEADER_BYTES;
  // It got its name when it was whole: no part of it can be torn.
  const frame = readFrame(bytes, offset);
  if ("problem" in frame) throw damaged(file, offset, frame.problem);
  if (frame.end !== bytes.length || frame.sequence !== first) {
    throw damaged(file, offset, "it holds something else than one state");
  }
  try {
    const record = readState(frame.content);
    await definitions.load(record.definitions);
    const state = record.state(definitions.get);
    return { item: { kind: "snapshot", file, offset, bytes: frame.end - offset, state }, first };
  } catch (error) {
    throw inFile(error, file, offset);
  }
}

function damaged(file: string, offset: number, problem: string, cause?: unknown): DataLossError {
  return new DataLossError(`Cannot read the journal: "${file}" is damaged at byte ${offset}: ${problem}`, {
    cause,
  });
}

/** Adds the place to an error that knows none; a definition's file is a place of its own. */
function inFile(error: unknown, file: string, offset: number): unknown {
  const message = messageOf(error);
  if (message.startsWith("Cannot read the journal: ")) return error;
  if (error instanceof DataLossError) return damaged(file, offset, message, error);
  if (error instanceof FailedPreconditionError) {
    return new FailedPreconditionError(`Cannot read the journal: "${file}": ${message}`, { cause: error });
  }
  // The bytes are sound and what they say is not: a fold or a parser stumbled over it.
  const isForeign = error instanceof InternalError || !(error instanceof SluiceError);
  return isForeign ? damaged(file, offset, message, error) : error;
}
