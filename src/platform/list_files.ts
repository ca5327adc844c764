import { NotFoundError } from "../base/mod.ts";
import { expandBraces, hasGlobCharacters, matchGlobPart } from "../sources/mod.ts";
import { fileError } from "./file_source.ts";

type Kind = "file" | "directory" | null;

/** What a path leads to, symbolic links followed. */
async function kindOf(path: string): Promise<Kind> {
  try {
    return (await Deno.stat(path)).isDirectory ? "directory" : "file";
  } catch (error) {
    // A link that leads nowhere, or in a circle, is no file.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    if (error instanceof Deno.errors.FilesystemLoop) return null;
    throw fileError("list", path, error);
  }
}

async function entriesOf(directory: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(directory || "."));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw fileError("list", directory || ".", error);
  }
}

// Sockets and pipes that lie about are no data; named literally they are read.
function kindOfEntry({ isDirectory, isFile }: Deno.DirEntry): Kind {
  return isDirectory ? "directory" : isFile ? "file" : null;
}

/**
 * Every directory below `directory` and itself, but none that a link leads to: links may go round in circles.
 */
async function* treeOf(directory: string): AsyncGenerator<string> {
  const open = [directory];
  while (open.length > 0) {
    const current = open.pop()!;
    yield current;
    for (const entry of await entriesOf(current)) {
      if (entry.isDirectory && !entry.name.startsWith(".")) open.push(`${current}${entry.name}/`);
    }
  }
}

/**
 * Paths of files that a pattern without braces stands for. Directories end with a slash, or are empty: the
 * current one.
 */
async function* walk(directory: string, parts: readonly string[]): AsyncGenerator<string> {
  const [part, ...rest] = parts;
  const last = rest.length === 0;
  if (part === "**") {
    // `**` at the end means the files in all of those directories.
    for await (const below of treeOf(directory)) yield* walk(below, last ? ["*"] : rest);
  } else if (hasGlobCharacters(part) || part.includes("\\")) {
    const glob = matchGlobPart(part);
    for (const entry of await entriesOf(directory)) {
      if (!glob.test(entry.name)) continue;
      const path = directory + entry.name;
      const kind = entry.isSymlink ? await kindOf(path) : kindOfEntry(entry);
      if (last && kind === "file") yield path;
      if (!last && kind === "directory") yield* walk(`${path}/`, rest);
    }
  } else if (!last) {
    yield* walk(`${directory}${part}/`, rest);
  } else if (await kindOf(directory + part) === "file") {
    yield directory + part;
  }
}

/**
 * The files that a path or glob stands for, sorted by code unit. A path that exists is taken literally.
 *
 * @throws {NotFoundError} with `name`, if there is none
 */
export async function listFiles(pattern: string, name: string, signal?: AbortSignal): Promise<string[]> {
  signal?.throwIfAborted();
  const kind = await kindOf(pattern);
  if (kind === "file") return [pattern];
  if (kind === "directory") {
    throw new NotFoundError(`Cannot find ${JSON.stringify(name)}: it is a directory, not a file`);
  }
  const found = new Set<string>();
  if (hasGlobCharacters(pattern) || pattern.includes("\\")) {
    for (const path of expandBraces(pattern)) {
      for await (const file of walk("", path.split("/"))) {
        signal?.throwIfAborted();
        found.add(file);
      }
    }
  }
  if (found.size === 0) {
    throw new NotFoundError(`Cannot find ${JSON.stringify(name)}: no file has this name or matches it`);
  }
  return [...found].sort();
}
