/** What tasks in processes of their own may do, as flags of `deno run`. */

import { InvalidArgumentError } from "../base/mod.ts";

/**
 * What a task process may do: each permission as a whole (true), in part (a list as Deno takes it: paths, hosts,
 * names), or not at all.
 */
export interface TaskPermissions {
  /** Files and directories to read. */
  read?: boolean | string[];
  /** Files and directories to write. */
  write?: boolean | string[];
  /** Hosts to connect to, or to listen on, such as "example.org" or "10.0.0.1:80". */
  net?: boolean | string[];
  /** Environment variables; those that are named are passed on. */
  env?: boolean | string[];
  /** Programs to run. They run with the worker's rights, whatever else is granted. */
  run?: boolean | string[];
  /** Libraries to load. Their code has the worker's rights. */
  ffi?: boolean | string[];
  /** Facts about the system, such as "hostname". */
  sys?: boolean | string[];
  /** Hosts to import modules from; what is not cached is downloaded. */
  import?: boolean | string[];
}

/** The names of the permissions. */
export const PERMISSION_NAMES = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

/** @throws {InvalidArgumentError} for an item that cannot be said to Deno */
export function checkPermissions(permissions: TaskPermissions): void {
  for (const name of PERMISSION_NAMES) {
    const grant = permissions[name];
    if (!Array.isArray(grant)) continue;
    const odd = grant.find((item) => item === "" || item.includes(","));
    if (odd === undefined) continue;
    throw new InvalidArgumentError(
      `\`permissions.${name}\` holds ${JSON.stringify(odd)}: items are not empty and have no commas`,
    );
  }
}

/** Whether anything is granted. */
export function grantsAnything(permissions: TaskPermissions): boolean {
  return PERMISSION_NAMES.some((name) => {
    const grant = permissions[name];
    return Array.isArray(grant) ? grant.length > 0 : grant === true;
  });
}

/** What the program of a task needs for itself. */
export interface OwnNeeds {
  /** Host name or address that it listens on, on any free port. */
  readonly hostname: string;
  /** Where it listens too; null: nowhere. */
  readonly socketPath: string | null;
  /** Files that it reads, such as the program of its lanes. */
  readonly read: readonly string[];
  /** The limit of its heap, in MiB. */
  readonly heapLimitMb: number;
}

/** The flags of `deno run` for a task's process. */
export function taskFlags(permissions: TaskPermissions, needs: OwnNeeds): string[] {
  const { hostname, socketPath, read, heapLimitMb } = needs;
  const sockets = socketPath === null ? [] : [socketPath];
  const own: TaskPermissions = {
    net: [`${hostPart(hostname)}:0`, ...sockets.flatMap((path) => [`unix:${path}`, "127.0.0.1:0"])],
    read: [...sockets, ...read],
    write: sockets,
  };
  const flags = PERMISSION_NAMES.flatMap((name) => flagOf(name, permissions[name], own[name]));
  // Whoever may import may download; others get what is cached, which includes the program itself.
  if (!permissions.import) flags.push("--cached-only");
  return ["--quiet", "--no-prompt", `--v8-flags=${heapFlags(heapLimitMb)}`, ...flags];
}

// Large elements come and go. V8 begins to mark the whole heap for the first 50 MB of them, goes on with it in other
// threads for as long as they come, and half of a worker's processor time was that. With a heap that it takes for larger
// it collects the young generation instead, which frees what was dropped. What a program really keeps is marked from
// here on as ever.
const UNMARKED_MB = 256;

function heapFlags(limitMb: number): string {
  const unmarkedMb = Math.min(UNMARKED_MB, Math.floor(limitMb / 2));
  return `--max-old-space-size=${limitMb},--initial-old-space-size=${unmarkedMb}`;
}

type Grant = boolean | string[] | undefined;

function flagOf(name: string, granted: Grant, own: Grant): string[] {
  if (granted === true) return [`--allow-${name}`];
  const items = [granted, own].flatMap((grant) => Array.isArray(grant) ? grant : []);
  return items.length === 0 ? [] : [`--allow-${name}=${items.join(",")}`];
}

function hostPart(hostname: string): string {
  return hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
}
