/** The journal that lives in files. */

import {
  assertNever,
  checkInteger,
  crc32c,
  type Deferred,
  deferred,
  FailedPreconditionError,
  type Log,
  messageOf,
} from "../../base/mod.ts";
import type { Outlives } from "../core/decision.ts";
import type { StateView } from "../core/state.ts";
import type { Update } from "../core/updates.ts";
import { DefinitionFiles } from "./definition_files.ts";
import { encodeHeader } from "./file_header.ts";
import { encodeFrameHeader } from "./frame.ts";
import { FrameLog, type LogEnd } from "./frame_log.ts";
import type { Journal, Snapshots, StateSnapshot } from "./journal.ts";
import type { JournalFiles } from "./journal_files.ts";
import { DATASETS, isAside, JOURNAL, LOCK, segmentName, snapshotName, sortFiles } from "./layout.ts";
import { readJournal } from "./read_journal.ts";
import { StateWriter } from "./state_text.ts";
import { encodeUpdates } from "./update_codec.ts";
import { writeWhole } from "./write_whole.ts";

// Appends that wait are written together up to this: beyond it a sync costs nothing beside the writing.
const MAX_FRAME_CONTENT = 1024 * 1024;

// After this many bytes of updates (about 100,000) replaying takes most of a second.
const DEFAULT_SNAPSHOT_BYTES = 4 * 1024 * 1024;

// Writing down so much of a state takes a few milliseconds, for which everybody waits.
const DEFAULT_SLICE_CHARACTERS = 64 * 1024;

// Snapshots of a large state are as rare as it is large, so that they never cost more than the updates do.
const SNAPSHOT_GROWTH = 2;

/** What a journal in files is made of. */
export interface FileJournalOptions {
  /** The dispatcher's working directory: `journal/` and `datasets/` are made in it. */
  files: JournalFiles;
  log: Log;
  /** Size from which on a segment is not added to. @default 4 MiB */
  segmentBytes?: number;
  /** Bytes of updates after which a snapshot is worth its cost; more if the state is large. @default 4 MiB */
  snapshotBytes?: number;
  /** Length of the slices in which a snapshot is made. @default 65,536 */
  sliceCharacters?: number;
  /** Lets everybody else have the event loop; called between the slices of a snapshot. @default nobody else is there */
  turnLoop?: () => Promise<void>;
}

/**
 * Makes a journal that touches no file before it is replayed.
 *
 * Appends that come while others are being synced are written together, with one sync. Segments hold the updates,
 * snapshots stand for segments that are gone, and the definitions of datasets have files of their own.
 */
export function createFileJournal(options: FileJournalOptions): Journal {
  return new FileJournal(options);
}

/** Updates that wait to be written. */
interface WaitingAppend {
  kind: "append";
  content: Uint8Array;
  definitions: [string, Uint8Array][];
  outlives: Outlives;
  done: Deferred<void>;
}

/** What waits to be written, in order. */
type Waiting =
  | WaitingAppend
  | { kind: "snapshot"; writer: StateWriter; definitions: ReadonlySet<string> }
  | { kind: "clean" };

/**
 * - `new`: no file was touched. Left by replay() and close().
 * - `replaying`: the lock is taken. Left when all was replayed, or by close().
 * - `open`: appends are taken. Left when something cannot be written, or by close().
 * - `failed`: appends are rejected, and wait to be written by recover(), which leaves it; or by close().
 * - `broken`: updates cannot be written down, so that nothing can follow. Left by close().
 * - `closed`: the end.
 */
type Phase =
  | { kind: "new" }
  | { kind: "replaying" }
  | { kind: "open"; frames: FrameLog }
  | { kind: "failed"; frames: FrameLog; error: unknown }
  | { kind: "broken"; frames: FrameLog; error: unknown }
  | { kind: "closed"; done: Promise<void> };

class FileJournal implements Journal {
  readonly durable = true;
  readonly snapshots: Snapshots;
  readonly #files: JournalFiles;
  readonly #log: Log;
  readonly #segmentBytes: number;
  readonly #snapshotBytes: number;
  readonly #sliceCharacters: number;
  readonly #turnLoop: () => Promise<void>;
  readonly #definitions: DefinitionFiles;
  #phase: Phase = { kind: "new" };
  #unlock: (() => Promise<void>) | null = null;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  /** Whether it is in the middle of something. */
  #isBusy = false;
  #recovering: Promise<void> | null = null;
  #snapshotting: Promise<void> | null = null;
  /** Bytes of updates behind the latest snapshot. */
  #grown = 0;
  #lastSnapshotBytes = 0;

  constructor(options: FileJournalOptions) {
    const {
      files,
      log,
      segmentBytes = DEFAULT_SNAPSHOT_BYTES,
      snapshotBytes = DEFAULT_SNAPSHOT_BYTES,
      sliceCharacters = DEFAULT_SLICE_CHARACTERS,
      turnLoop = () => Promise.resolve(),
    } = options;
    checkInteger("segmentBytes", segmentBytes, { min: 1 });
    checkInteger("snapshotBytes", snapshotBytes, { min: 1 });
    checkInteger("sliceCharacters", sliceCharacters, { min: 1 });
    this.#files = files;
    this.#log = log;
    this.#segmentBytes = segmentBytes;
    this.#snapshotBytes = snapshotBytes;
    this.#sliceCharacters = sliceCharacters;
    this.#turnLoop = turnLoop;
    this.#definitions = new DefinitionFiles(files);
    const isWanted = () => this.#wantsSnapshot();
    this.snapshots = {
      get wanted() {
        return isWanted();
      },
      take: (state) => this.#takeSnapshot(state),
    };
  }

  async *replay(): AsyncGenerator<Update | StateSnapshot, void, void> {
    if (this.#phase.kind !== "new") {
      throw new FailedPreconditionError("Cannot replay the journal: it was replayed or closed before");
    }
    this.#phase = { kind: "replaying" };
    await this.#prepare();
    let end: LogEnd | null = null;
    let next = 0;
    for await (const item of readJournal({ files: this.#files, definitions: this.#definitions })) {
      switch (item.kind) {
        case "snapshot":
          this.#lastSnapshotBytes = item.bytes;
          yield { type: "snapshot", state: item.state };
          break;
        case "updates":
          this.#grown += item.bytes;
          // Half as long as `yield*`, which waits for each twice.
          for (const update of item.updates) yield update;
          break;
        case "end":
          if (item.bytes > 0) {
            const { file, offset, bytes } = item;
            this.#log.warn("Cut off the end of the journal, which was not written to the end", {
              file,
              offset,
              bytes,
            });
          }
          next = item.next;
          end = { number: item.number, size: item.offset, next };
          break;
      }
    }
    if (!this.#isReplaying()) return;
    this.#definitions.release();
    const frames = await FrameLog.open(this.#files, end, this.#segmentBytes);
    if (this.#isReplaying()) this.#phase = { kind: "open", frames };
    else await frames.close();
  }

  append(updates: readonly Update[], outlives: Outlives = "machine"): Promise<void> {
    switch (this.#phase.kind) {
      case "open":
      case "failed":
        break;
      case "broken":
        return Promise.reject(this.#phase.error);
      case "closed":
        return Promise.reject(new FailedPreconditionError("Cannot append to the journal: it is closed"));
      default:
        return Promise.reject(
          new FailedPreconditionError("Cannot append to the journal: it is to be replayed first"),
        );
    }
    const definitions: [string, Uint8Array][] = [];
    for (const update of updates) {
      if (update.type === "registerDataset") definitions.push([update.fingerprint, update.graph]);
    }
    let content: Uint8Array;
    try {
      content = this.#encode(updates, this.#phase.frames);
    } catch (error) {
      return Promise.reject(error);
    }
    const done = deferred<void>();
    this.#enqueue({ kind: "append", content, definitions, outlives, done });
    if (this.#phase.kind === "failed") done.reject(this.#phase.error);
    return done.promise;
  }

  appendNow(updates: readonly Update[]): boolean {
    if (this.#phase.kind !== "open" || this.#isBusy || this.#waiting.length > 0) return false;
    if (updates.some(({ type }) => type === "registerDataset")) return false;
    const { frames } = this.#phase;
    const content = this.#encode(updates, frames);
    try {
      const bytes = frames.writeNow([content]);
      this.#grown += bytes ?? 0;
      return bytes !== null;
    } catch (error) {
      this.#phase = { kind: "failed", frames, error };
      const done = deferred<void>();
      done.promise.catch(() => {}); // It is told at once.
      done.reject(error);
      this.#enqueue({ kind: "append", content, definitions: [], outlives: "process", done });
      throw error;
    }
  }

  async recover(): Promise<void> {
    switch (this.#phase.kind) {
      case "open":
        return;
      case "failed":
        this.#recovering ??= this.#recover(this.#phase.frames).finally(() => this.#recovering = null);
        return await this.#recovering;
      case "broken":
        throw this.#phase.error;
      default:
        throw new FailedPreconditionError(`Cannot recover the journal: it is ${this.#phase.kind}`);
    }
  }

  #encode(updates: readonly Update[], frames: FrameLog): Uint8Array {
    try {
      return encodeUpdates(updates);
    } catch (error) {
      // The state holds them already: what follows would build on what no replay knows.
      this.#phase = { kind: "broken", frames, error };
      throw error;
    }
  }

  close(): Promise<void> {
    if (this.#phase.kind === "closed") return this.#phase.done;
    const done = this.#close(this.#phase);
    this.#phase = { kind: "closed", done };
    return done;
  }

  async #close(phase: Phase): Promise<void> {
    await this.#writing;
    await this.#recovering?.catch(() => {});
    await this.#snapshotting;
    try {
      if ("frames" in phase) await phase.frames.close();
    } catch {
      // Everything that was acknowledged is synced.
    } finally {
      await this.#unlock?.();
    }
  }

  #isReplaying(): boolean {
    return this.#phase.kind === "replaying";
  }

  async #prepare(): Promise<void> {
    const files = this.#files;
    await files.makeDirectory(JOURNAL);
    await files.makeDirectory(DATASETS);
    const unlock = await files.lock(LOCK);
    if (!this.#isReplaying()) await unlock?.();
    else this.#unlock = unlock;
    if (!unlock) {
      throw new FailedPreconditionError(
        `Cannot open the journal: another dispatcher uses it, "${files.describe(LOCK)}" is locked`,
      );
    }
    for (const directory of [JOURNAL, DATASETS]) {
      for (const name of await files.list(directory)) {
        if (isAside(name)) await files.remove(`${directory}/${name}`);
      }
    }
    const snapshot = sortFiles(await files.list(JOURNAL)).snapshots.at(-1);
    if (snapshot !== undefined) await this.#removeBefore(snapshot);
  }

  /** Removes what a snapshot stands for. */
  async #removeBefore(number: number): Promise<void> {
    const { segments, snapshots } = sortFiles(await this.#files.list(JOURNAL));
    for (const old of snapshots) if (old < number) await this.#files.remove(snapshotName(old));
    // In order: those that a crash leaves are the last ones, without a gap.
    for (const old of segments) if (old < number) await this.#files.remove(segmentName(old));
  }

  #wantsSnapshot(): boolean {
    if (this.#phase.kind !== "open" || this.#snapshotting) return false;
    return this.#grown >= Math.max(this.#snapshotBytes, SNAPSHOT_GROWTH * this.#lastSnapshotBytes);
  }

  #takeSnapshot(state: StateView): void {
    if (this.#phase.kind !== "open") return;
    // Also where it fails later: another attempt at once would fail again.
    this.#grown = 0;
    try {
      this.#enqueue({
        kind: "snapshot",
        writer: new StateWriter(state),
        definitions: new Set(state.definitions.keys()),
      });
    } catch (error) {
      this.#snapshotFailed(error);
    }
  }

  #enqueue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#phase.kind === "open") this.#writing ??= this.#write(this.#phase.frames);
  }

  async #write(frames: FrameLog): Promise<void> {
    try {
      for (;;) {
        // Whoever was told that its update is safe may have the next one ready: it goes with this write.
        for (let turn = 0; turn < 16; turn++) await null;
        const first = this.#waiting.shift();
        if (!first) break;
        this.#isBusy = true;
        switch (first.kind) {
          case "append":
            await this.#writeTogether(frames, first);
            break;
          case "snapshot":
            await this.#keepSnapshot(frames, first);
            break;
          case "clean":
            await this.#clean();
            break;
          default:
            assertNever(first);
        }
        this.#isBusy = false;
      }
    } catch (error) {
      if (this.#phase.kind === "open") this.#phase = { kind: "failed", frames, error };
      // They stay: the state that they have led to is there. A snapshot of it can be taken later.
      for (const waiting of this.#waiting) {
        if (waiting.kind === "append") waiting.done.reject(error);
        if (waiting.kind === "snapshot") waiting.writer.stop();
      }
      this.#waiting = this.#waiting.filter((waiting) => waiting.kind === "append");
    } finally {
      this.#isBusy = false;
      this.#writing = null;
    }
  }

  /** Writes what was rejected before anything else. */
  async #recover(frames: FrameLog): Promise<void> {
    await this.#writing;
    await frames.recover();
    for (;;) {
      const first = this.#waiting.shift();
      if (!first) break;
      if (first.kind === "append") await this.#writeTogether(frames, { ...first, outlives: "machine" });
    }
    if (this.#phase.kind === "failed") this.#phase = { kind: "open", frames };
  }

  async #writeTogether(frames: FrameLog, first: WaitingAppend): Promise<void> {
    const group = [first];
    let bytes = first.content.length;
    while (this.#waiting.length > group.length - 1) {
      const next = this.#waiting[group.length - 1];
      if (next.kind !== "append" || bytes + next.content.length > MAX_FRAME_CONTENT) break;
      group.push(next);
      bytes += next.content.length;
    }
    this.#waiting.splice(0, group.length - 1);
    try {
      for (const { definitions } of group) {
        for (const [fingerprint, graph] of definitions) await this.#definitions.store(fingerprint, graph);
      }
      const sync = group.some(({ outlives }) => outlives === "machine");
      this.#grown += await frames.write(group.map(({ content }) => content), { sync });
    } catch (error) {
      this.#waiting.unshift(...group);
      throw error;
    }
    this.#isBusy = false; // Before those hear of it who may have the next one.
    for (const { done } of group) done.resolve();
  }

  /** Begins a segment, whose first update is the first that the state does not hold, and writes the state beside it. */
  async #keepSnapshot(
    frames: FrameLog,
    { writer, definitions }: Extract<Waiting, { kind: "snapshot" }>,
  ): Promise<void> {
    const first = frames.next;
    let number: number;
    try {
      number = await frames.roll();
    } catch (error) {
      writer.stop();
      throw error;
    }
    this.#definitions.keepOnly(definitions);
    this.#snapshotting = this.#writeSnapshot(number, first, writer)
      .catch((error) => this.#snapshotFailed(error))
      .finally(() => this.#snapshotting = null);
  }

  async #writeSnapshot(number: number, first: number, writer: StateWriter): Promise<void> {
    // The frame's header, which comes first, needs all of them: they are held as bytes until then.
    const slices: Uint8Array[] = [];
    let length = 0;
    let checksum = 0;
    for (const slice of writer.slices(this.#sliceCharacters)) {
      slices.push(slice);
      length += slice.length;
      checksum = crc32c(slice, checksum);
      await this.#turnLoop();
    }
    const header = encodeHeader({ kind: "snapshot", number, first });
    const name = snapshotName(number);
    await writeWhole(this.#files, name, [header, encodeFrameHeader(first, length, checksum), ...slices]);
    this.#lastSnapshotBytes = length;
    await this.#removeBefore(number);
    if (this.#phase.kind === "open") this.#enqueue({ kind: "clean" });
  }

  #snapshotFailed(error: unknown): void {
    this.#log.warn(`Cannot keep a snapshot of the state: ${messageOf(error)}`);
  }

  async #clean(): Promise<void> {
    try {
      await this.#definitions.clean();
    } catch (error) {
      this.#log.warn(`Cannot remove datasets that are not used any more: ${messageOf(error)}`);
    }
  }
}
