/** The twin of a disk in memory, on which a process can die before any step. */

import { type DurableFiles, NotFoundError, UnavailableError } from "../../src/base/mod.ts";

/** Something that goes wrong in one step. */
export interface Fault {
  readonly step: number;
  /** Whether the process dies in it, so that nothing happens after it. Else the step alone fails. */
  readonly dies: boolean;
  /** Whether the step happens all the same. */
  readonly happens: boolean;
}

/** Files in memory. What a process has done before it dies is there; the step in which it dies may have half happened. */
export class MemoryDurableFiles implements DurableFiles {
  /** Contents by path; null: a directory. */
  readonly #entries: Map<string, Uint8Array<ArrayBuffer> | null>;
  readonly #times: Map<string, number>;
  #operations = 0;
  /** The time of what happens now. */
  now = 0;
  /** What goes wrong; steps that change something are numbered from 0. */
  fault: Fault | null = null;

  /** Makes an empty disk, or looks at the one that a process left behind. */
  constructor(former?: MemoryDurableFiles) {
    this.#entries = former ? former.#entries : new Map([["", null]]);
    this.#times = former ? former.#times : new Map();
  }

  /** How many steps were begun that change something. */
  get operations(): number {
    return this.#operations;
  }

  /** Whether the process has died. */
  get isDead(): boolean {
    return this.fault !== null && this.fault.dies && this.#operations > this.fault.step;
  }

  /** The paths of all files. */
  paths(): string[] {
    return [...this.#entries].flatMap(([path, content]) => content ? [path] : []).sort();
  }

  /** Puts a file there without a step, and the directories above it. */
  put(path: string, content: Uint8Array<ArrayBuffer> = new Uint8Array()): void {
    this.#makeDirectories(parentOf(path));
    this.#set(path, content);
  }

  /** Removes a file without a step. */
  drop(path: string): void {
    this.#entries.delete(path);
  }

  async exists(path: string): Promise<boolean> {
    await this.#alive();
    return this.#entries.has(path);
  }

  async list(directory: string): Promise<string[]> {
    await this.#alive();
    const prefix = `${directory}/`;
    return [...this.#entries.keys()].filter((path) =>
      path.startsWith(prefix) && !path.slice(prefix.length).includes("/")
    ).map((path) => path.slice(prefix.length));
  }

  async changedAt(path: string): Promise<number> {
    await this.#alive();
    const time = this.#times.get(path);
    if (time === undefined || !this.#entries.has(path)) {
      throw new NotFoundError(`Cannot look at "${path}": there is no such file`);
    }
    return time;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    await this.#alive();
    const content = this.#entries.get(path);
    if (!content) throw new NotFoundError(`Cannot read "${path}": there is no such file`);
    return content.slice();
  }

  async makeDirectory(directory: string): Promise<void> {
    await this.#operate(`make "${directory}"`, () => this.#makeDirectories(directory));
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    const what = `write "${path}"`;
    await this.#operate(what, (isCut) => {
      if (!this.#entries.has(parentOf(path))) throw new NotFoundError(`Cannot ${what}: no directory`);
      this.#set(path, content.slice(0, isCut ? content.length >> 1 : content.length));
    }, { halves: true });
  }

  async rename(from: string, to: string): Promise<void> {
    const what = `rename "${from}"`;
    await this.#operate(what, () => {
      if (!this.#entries.has(from)) throw new NotFoundError(`Cannot ${what}: there is no such file`);
      if (!this.#entries.has(parentOf(to))) {
        throw new NotFoundError(`Cannot ${what}: no directory for "${to}"`);
      }
      for (const [path, content] of [...this.#entries]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        this.#entries.delete(path);
        this.#set(to + path.slice(from.length), content);
      }
    });
  }

  async remove(path: string): Promise<void> {
    await this.#operate(`remove "${path}"`, () => {
      for (const other of [...this.#entries.keys()]) {
        if (other === path || other.startsWith(`${path}/`)) this.#entries.delete(other);
      }
    });
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#operate(`sync "${directory}"`, () => {});
  }

  #set(path: string, content: Uint8Array<ArrayBuffer> | null): void {
    this.#entries.set(path, content);
    this.#times.set(path, this.now);
  }

  #makeDirectories(directory: string): void {
    for (let path = directory; path !== ""; path = parentOf(path)) this.#entries.set(path, null);
  }

  async #alive(): Promise<void> {
    await null; // As a disk, it never answers at once.
    if (this.isDead) throw new UnavailableError("The process is gone");
  }

  async #operate(
    what: string,
    change: (isCut: boolean) => void,
    { halves = false }: { halves?: boolean } = {},
  ): Promise<void> {
    await this.#alive();
    const isBad = this.#operations++ === this.fault?.step;
    if (!isBad) return change(false);
    const { happens, dies } = this.fault!;
    if (happens) change(false);
    else if (halves) change(true);
    throw new UnavailableError(
      `Cannot ${what}: ${dies ? "the process has died" : "the disk has a bad moment"}`,
    );
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
