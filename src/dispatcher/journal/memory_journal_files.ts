/** The twin of a disk in memory, which can be full, read-only, fail now and then, and lose what was not synced. */

import {
  InternalError,
  joinBytes,
  NotFoundError,
  PermissionDeniedError,
  type Random,
  ResourceExhaustedError,
  UnavailableError,
} from "../../base/mod.ts";
import type { AppendFile, JournalFiles } from "./journal_files.ts";

const PAGE_BYTES = 64;

/** A file: what it holds, and what of that survives a crash in any case. */
interface Inode {
  content: Uint8Array<ArrayBuffer>;
  synced: Uint8Array<ArrayBuffer>;
  /** Whether a sync has failed: as on Linux, the next one succeeds without doing what that one did not. */
  isPoisoned?: boolean;
}

/** A change of names that is not synced; a crash may undo it. */
interface NameChange {
  readonly directory: string;
  apply(names: Map<string, Inode>): void;
}

/** A disk in memory. */
export class MemoryJournalFiles implements JournalFiles {
  #names = new Map<string, Inode>();
  #syncedNames = new Map<string, Inode>();
  #changes: NameChange[] = [];
  #locks = new Set<string>();
  #operations = 0;
  #dead = false;
  /** Bytes that fit; a write that would need more writes what fits and fails. */
  capacity = Infinity;
  /** Whether nothing can be written. */
  readOnly = false;
  /** Whether the operation of that number fails, and others after it do not. */
  fails: (operation: number) => boolean = () => false;
  /** The number of the operation that does not happen any more, nor any after it. */
  crashAt = Infinity;

  /** How many operations were begun that change something. */
  get operations(): number {
    return this.#operations;
  }

  /** The disk after a crash: of what was not synced some is there, by chance. This one is dead from now on. */
  crash(random: Random): MemoryJournalFiles {
    this.#dead = true;
    const names = new Map(this.#syncedNames);
    for (const change of this.#changes) if (random.uint32() % 2 === 0) change.apply(names);
    const disk = new MemoryJournalFiles();
    for (const [name, inode] of names) {
      const content = survivingContent(inode, random);
      const survivor = { content, synced: content };
      disk.#names.set(name, survivor);
      disk.#syncedNames.set(name, survivor);
    }
    return disk;
  }

  /**
   * The disk after the end of the process alone: what was not synced is there, and still not synced. This one is
   * dead from now on.
   */
  kill(): MemoryJournalFiles {
    this.#dead = true;
    const disk = new MemoryJournalFiles();
    disk.#names = this.#names;
    disk.#syncedNames = this.#syncedNames;
    disk.#changes = this.#changes;
    return disk;
  }

  /** Changes a file behind everybody's back. */
  tamper(name: string, change: (content: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): void {
    const inode = this.#names.get(name);
    if (!inode) throw new NotFoundError(`Cannot tamper with "${name}": there is no such file`);
    inode.content = inode.synced = change(inode.content.slice());
  }

  /** The names of all files. */
  names(): string[] {
    return [...this.#names.keys()].sort();
  }

  describe(name: string): string {
    return `memory/${name}`;
  }

  async makeDirectory(directory: string): Promise<void> {
    await this.#operate(`make the directory "${this.describe(directory)}"`);
  }

  async list(directory: string): Promise<string[]> {
    await this.#alive();
    return this.names().filter((name) => name.startsWith(`${directory}/`)).map((name) =>
      name.slice(directory.length + 1)
    );
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    await this.#alive();
    const inode = this.#names.get(name);
    if (!inode) throw new NotFoundError(`Cannot read "${this.describe(name)}": there is no such file`);
    return inode.content.slice();
  }

  async append(name: string): Promise<AppendFile> {
    await this.#operate(`open "${this.describe(name)}"`);
    const inode = this.#names.get(name) ?? { content: new Uint8Array(), synced: new Uint8Array() };
    if (!this.#names.has(name)) this.#rename(name, (names) => names.set(name, inode));
    const writeNow = (bytes: Uint8Array) => {
      const what = `write "${this.describe(name)}"`;
      // A crash in the middle of a write leaves a part of it.
      this.#begin(
        what,
        () => inode.content = joinBytes([inode.content, bytes.subarray(0, bytes.length >> 1)]),
      );
      const room = this.capacity - this.#used();
      inode.content = joinBytes([inode.content, bytes.subarray(0, Math.max(0, room))]);
      if (room < bytes.length) throw new ResourceExhaustedError(`Cannot ${what}: the disk is full`);
    };
    return {
      write: async (bytes) => {
        await null;
        writeNow(bytes);
      },
      writeNow,
      sync: async () => {
        await this.#operate(`sync "${this.describe(name)}"`, () => inode.isPoisoned = true);
        if (!inode.isPoisoned) inode.synced = inode.content;
      },
      close: () => Promise.resolve(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operate(`rename "${this.describe(from)}"`);
    const inode = this.#names.get(from);
    if (!inode) throw new NotFoundError(`Cannot rename "${this.describe(from)}": there is no such file`);
    this.#rename(to, (names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  async remove(name: string): Promise<void> {
    await this.#operate(`remove "${this.describe(name)}"`);
    this.#rename(name, (names) => names.delete(name));
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#operate(`sync the directory "${this.describe(directory)}"`);
    this.#changes = this.#changes.filter((change) => {
      if (change.directory === directory) change.apply(this.#syncedNames);
      return change.directory !== directory;
    });
  }

  async lock(name: string): Promise<(() => Promise<void>) | null> {
    await this.#operate(`lock "${this.describe(name)}"`);
    if (this.#locks.has(name)) return null;
    this.#locks.add(name);
    return () => {
      this.#locks.delete(name);
      return Promise.resolve();
    };
  }

  async #alive(): Promise<void> {
    await null; // As a disk, it never answers at once.
    this.#checkAlive();
  }

  #checkAlive(): void {
    if (this.#dead) throw new UnavailableError("The disk is gone");
  }

  async #operate(what: string, failing?: () => void): Promise<void> {
    await null;
    this.#begin(what, failing);
  }

  /** `failing`: what happens all the same if it fails. */
  #begin(what: string, failing?: () => void): void {
    this.#checkAlive();
    if (this.readOnly) throw new PermissionDeniedError(`Cannot ${what}: the file system is read-only`);
    const operation = this.#operations++;
    if (operation < this.crashAt) {
      if (!this.fails(operation)) return;
      failing?.();
      throw new UnavailableError(`Cannot ${what}: the disk has a bad moment`);
    }
    if (operation === this.crashAt) failing?.();
    throw new UnavailableError(`Cannot ${what}: the machine has crashed`);
  }

  #rename(name: string, apply: (names: Map<string, Inode>) => void): void {
    const directory = name.slice(0, name.lastIndexOf("/"));
    this.#changes.push({ directory, apply });
    apply(this.#names);
  }

  #used(): number {
    return [...this.#names.values()].reduce((sum, { content }) => sum + content.length, 0);
  }
}

function survivingContent({ content, synced }: Inode, random: Random): Uint8Array<ArrayBuffer> {
  if (content.length < synced.length) throw new InternalError("A file shrinks for good only");
  const unsynced = content.length - synced.length;
  const kept = content.slice(0, synced.length + (unsynced === 0 ? 0 : random.uint32() % (unsynced + 1)));
  // The length may have reached the disk before some of the pages.
  for (let at = synced.length; at < kept.length; at += PAGE_BYTES) {
    if (random.uint32() % 4 === 0) kept.fill(0, at, at + PAGE_BYTES);
  }
  return kept;
}
