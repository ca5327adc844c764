import { InternalError, InvalidArgumentError, NotFoundError } from "../base/mod.ts";
import { runDeno } from "./deno_command.ts";

/** What a module is made of. */
export interface ModuleGraph {
  /** URLs of the local files, the module's own first. */
  readonly files: readonly string[];
  /** The specifiers, as they are written, that lead to npm packages, and the exact version each stands for. */
  readonly npm: ReadonlyMap<string, string>;
}

interface Dependency {
  specifier: string;
  code?: { specifier?: string; error?: string };
}

interface InfoModule {
  specifier: string;
  error?: string;
  dependencies?: Dependency[];
}

interface Info {
  roots: string[];
  modules: InfoModule[];
  redirects: Record<string, string>;
}

/**
 * Finds out what the module at `url` imports, directly and through others, without running it. Imports of types
 * do not count: they are gone at run time.
 *
 * @throws {NotFoundError} if the module, or one that it imports, does not exist
 * @throws {InvalidArgumentError} if one of them cannot be read as code, or an import cannot be resolved
 */
export async function readModuleGraph(url: string, options: { signal?: AbortSignal }): Promise<ModuleGraph> {
  const { success, stdout, stderr } = await runDeno(["info", "--json", url], {
    cwd: new URL(".", url),
    ...options,
  });
  if (!success) throw new InvalidArgumentError(`Cannot read module "${url}": ${firstLine(stderr)}`);
  return walkInfo(url, parseInfo(stdout));
}

function parseInfo(json: string): Info {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new InternalError(`Cannot understand the output of "deno info"`, { cause: error });
  }
}

function walkInfo(url: string, { roots, modules, redirects }: Info): ModuleGraph {
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const final = (specifier: string) => redirects[specifier] ?? specifier;
  const npm = new Map<string, string>();
  const seen = new Set(roots.map(final));
  for (const specifier of seen) { // A set visits what is added during the walk, too.
    const module = bySpecifier.get(specifier);
    if (module?.error !== undefined) throw brokenModule(url, module.specifier, module.error);
    for (const dependency of module?.dependencies ?? []) {
      if (dependency.code === undefined) continue;
      const { specifier: target, error } = dependency.code;
      if (target === undefined) {
        const reason = firstLine(error ?? "it resolves to nothing");
        throw new InvalidArgumentError(
          `Cannot bundle "${url}" as "${specifier}" imports "${dependency.specifier}": ${reason}`,
        );
      }
      const resolved = final(target);
      if (resolved.startsWith("npm:")) npm.set(dependency.specifier, resolved.replace(/^npm:\//, "npm:"));
      else seen.add(resolved);
    }
  }
  return { files: [...seen].filter((specifier) => specifier.startsWith("file:")), npm };
}

function brokenModule(url: string, specifier: string, error: string): Error {
  if (error.startsWith("Module not found")) {
    const imported = specifier === url ? "" : ` as it imports "${specifier}"`;
    return new NotFoundError(`Cannot bundle "${url}"${imported}: no such module`);
  }
  return new InvalidArgumentError(`Cannot bundle "${url}": ${error.replace(/\s+/g, " ").trim()}`);
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0].replace(/^error: /, "");
}
