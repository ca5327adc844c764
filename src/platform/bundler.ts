import { InvalidArgumentError, NotFoundError, raceAbort } from "../base/mod.ts";
import { runDeno } from "./deno_command.ts";
import { readModuleGraph } from "./module_graph.ts";
import { pinImports } from "./pin_imports.ts";

/** A module with all the local modules that it imports, as one text. */
export interface ModuleBundle {
  /** SHA-256 of `code`, in hex. */
  readonly hash: string;
  /** An ES module in JavaScript that imports nothing but npm packages, of exact versions, and `node:` modules. */
  readonly code: string;
}

/** Bundles the local module at a `file:` URL. */
export type ModuleBundler = (url: string, options?: { signal?: AbortSignal }) => Promise<ModuleBundle>;

interface CachedBundle {
  readonly bundle: ModuleBundle;
  /** State of the files that it was made of. */
  readonly stamp: string;
  readonly files: readonly string[];
}

interface Job {
  readonly promise: Promise<CachedBundle>;
  readonly controller: AbortController;
  waiting: number;
}

// Bundles are held for programs that register again and again; more modules than this are not seen in one program.
const MAX_CACHED = 64;

/**
 * Makes a bundler that runs `deno bundle` in a process of its own, with the `deno.json` that belongs to the module.
 * It bundles a module again only after one of the module's files has changed. Those who ask for one module at the
 * same time share one process, which is killed when all of them have aborted.
 *
 * The bundler rejects with an `InvalidArgumentError` naming the module for another URL than `file:` and for code
 * that is not valid, with a `NotFoundError` naming the module that does not exist, with a `PermissionDeniedError`
 * where the program may not start processes, and with the reason of an aborted signal.
 */
export function createModuleBundler(): ModuleBundler {
  const cache = new Map<string, CachedBundle>();
  const jobs = new Map<string, Job>();

  function join(url: string): Job {
    const running = jobs.get(url);
    if (running !== undefined) return running;
    const controller = new AbortController();
    const promise = bundle(url, controller.signal).finally(() => {
      if (jobs.get(url) === job) jobs.delete(url);
    });
    const job: Job = { promise, controller, waiting: 0 };
    jobs.set(url, job);
    return job;
  }

  return async (url, options = {}) => {
    const { signal } = options;
    checkUrl(url);
    signal?.throwIfAborted();
    const cached = cache.get(url);
    if (cached !== undefined && (await stampOf(cached.files)) === cached.stamp) return cached.bundle;
    const job = join(url);
    job.waiting++;
    try {
      const made = await raceAbort(job.promise, signal);
      cache.delete(url); // Insertion order is age: the one that is made last is dropped last.
      cache.set(url, made);
      if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value!);
      return made.bundle;
    } finally {
      if (--job.waiting === 0) {
        if (jobs.get(url) === job) jobs.delete(url); // Nobody may join a job that is being killed.
        job.controller.abort();
      }
    }
  };
}

function checkUrl(url: string): void {
  if (!URL.canParse(url) || new URL(url).protocol !== "file:") {
    throw new InvalidArgumentError(
      `Cannot bundle "${url}": only local modules, with a file: URL, are bundled`,
    );
  }
}

async function bundle(url: string, signal: AbortSignal): Promise<CachedBundle> {
  const { files, npm } = await readModuleGraph(url, { signal });
  const stamp = await stampOf(files);
  // `--packages external` alone leaves npm packages out only where the specifier says `npm:` in so many words.
  const external = [...npm.keys()].map((specifier) => `--external=${specifier}`);
  const { success, stdout, stderr } = await runDeno(
    ["bundle", "--quiet", "--packages", "external", ...external, url],
    { cwd: new URL(".", url), signal },
  );
  if (!success) throw bundleError(url, stderr);
  const code = pinImports(stdout, npm);
  return { bundle: { hash: await sha256(code), code }, stamp, files };
}

function bundleError(url: string, stderr: string): Error {
  const reason = stderr.split("Stack backtrace")[0].replace(/error: /g, "").replace(/\s+/g, " ").trim();
  const message = `Cannot bundle "${url}": ${reason}`;
  return /Module not found/.test(reason) ? new NotFoundError(message) : new InvalidArgumentError(message);
}

/** Tells states of files apart: a changed, missing or new file gives another text. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => Deno.stat(new URL(file)).catch(() => null)));
  return stats.map((stat) => stat === null ? "missing" : `${stat.mtime?.getTime()}:${stat.size}`).join(",");
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
