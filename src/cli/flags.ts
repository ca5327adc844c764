/** Command lines and environment variables out of a table of fields. */

import { parseArgs } from "@std/cli";
import { type Field, type Fields, InvalidArgumentError } from "../base/mod.ts";

/** What a command line says. */
export interface ParsedFlags {
  /** The values that were given, by the names of their fields. */
  config: Record<string, unknown>;
  help: boolean;
  json: boolean;
}

/** `workDir` as `work-dir`. */
export function flagName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `workDir` as `SLUICE_WORK_DIR`. */
export function variableName(field: string): string {
  return `SLUICE_${flagName(field).replaceAll("-", "_").toUpperCase()}`;
}

/**
 * Reads flags and, where a flag is missing, its environment variable. Lists are comma-separated, and a list's
 * flag may be given several times.
 *
 * @param environment gives the value of a variable, or undefined
 * @throws {InvalidArgumentError} naming the flag or variable, if it is not known or its value cannot be right
 */
export function parseFlags(
  args: readonly string[],
  fields: Fields,
  environment: (name: string) => string | undefined,
): ParsedFlags {
  const names = Object.keys(fields).filter((name) => fields[name].kind !== "grants");
  const booleans = ["help", "json", ...names.filter((name) => fields[name].kind === "boolean").map(flagName)];
  const others = names.filter((name) => fields[name].kind !== "boolean").map(flagName);
  const { joined, grants } = joinValues(args, booleans, others, grantFlags(fields));
  const given = parseArgs(joined, {
    boolean: booleans,
    negatable: booleans,
    string: others,
    collect: others,
    alias: { h: "help" },
  });

  const config: Record<string, unknown> = {};
  for (const name of names) {
    const field = fields[name];
    const flag = flagName(name);
    const variable = environment(variableName(name));
    if (field.kind === "boolean") {
      // parseArgs gives false for booleans that are missing: whether one was given shows in the arguments.
      if (joined.some((arg) => arg.split("=")[0] === `--${flag}` || arg === `--no-${flag}`)) {
        config[name] = given[flag];
      } else if (variable !== undefined) config[name] = parseValue(variableName(name), field, variable);
      continue;
    }
    const values = given[flag] as string[];
    if (values.length > 1 && field.kind !== "strings") {
      throw new InvalidArgumentError(`--${flag} is given more than once`);
    }
    if (values.length > 0) config[name] = parseValue(`--${flag}`, field, values.join(","));
    else if (variable !== undefined) config[name] = parseValue(variableName(name), field, variable);
    else if (field.required && !given.help) {
      throw new InvalidArgumentError(`--${flag} (or ${variableName(name)}) must be given`);
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind !== "grants") continue;
    const granted = parseGrants(field, grants, environment);
    if (Object.keys(granted).length > 0) config[name] = granted;
  }
  return { config, help: given.help === true, json: given.json === true };
}

/**
 * The arguments with each value joined to its flag, as `--flag=value`: apart, parseArgs takes the -1 of
 * `--job-gc-timeout-ms -1` for a flag. Refuses what is no flag, what is not known, and values that lack or exceed.
 */
function joinValues(
  args: readonly string[],
  booleans: readonly string[],
  others: readonly string[],
  grantFlags: readonly string[],
): { joined: string[]; grants: Map<string, Grant> } {
  const joined: string[] = [];
  const grants = new Map<string, Grant>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index];
    const [flag, value] = splitOnce(argument.replace(/^--/, ""));
    if (argument === "-h") {
      joined.push(argument);
    } else if (!argument.startsWith("--")) {
      throw new InvalidArgumentError(`"${argument}" is no flag`);
    } else if (grantFlags.includes(flag)) {
      // Its value is joined always: apart, nobody could tell a list from the next argument.
      const former = grants.get(flag);
      if (value === "") throw new InvalidArgumentError(`--${flag}= needs a value, or no "="`);
      grants.set(flag, value === undefined || former === true || parseGrant(value, former));
    } else if (flag.startsWith("no-") && grantFlags.includes(flag.slice(3))) {
      grants.set(flag.slice(3), false);
    } else if (booleans.includes(flag) || (flag.startsWith("no-") && booleans.includes(flag.slice(3)))) {
      if (value !== undefined && value !== "true" && value !== "false") {
        throw new InvalidArgumentError(`--${flag} takes no value but true and false, got "${value}"`);
      }
      joined.push(argument);
    } else if (others.includes(flag)) {
      const text = value ?? args[++index] ?? "";
      if (text === "" || (value === undefined && text.startsWith("--"))) {
        throw new InvalidArgumentError(`--${flag} needs a value`);
      }
      joined.push(`--${flag}=${text}`);
    } else {
      throw new InvalidArgumentError(`--${flag} is not known: --help lists the flags`);
    }
  }
  return { joined, grants };
}

/** What a flag of a record grants: everything, nothing, or a list. */
type Grant = boolean | string[];

type GrantsField = Extract<Field, { kind: "grants" }>;

/** `allowRead` for the grant "read" with the prefix "allow": its flag and variable are named after it. */
export function grantField({ prefix }: GrantsField, name: string): string {
  return `${prefix}${name[0].toUpperCase()}${name.slice(1)}`;
}

function grantFlags(fields: Fields): string[] {
  return Object.values(fields).flatMap((field) =>
    field.kind === "grants" ? field.names.map((name) => flagName(grantField(field, name))) : []
  );
}

function parseGrant(text: string, former: Grant | undefined = []): Grant {
  if (text === "true") return true;
  if (text === "false") return false;
  return [...(Array.isArray(former) ? former : []), ...splitList(text)];
}

function parseGrants(
  field: GrantsField,
  given: ReadonlyMap<string, Grant>,
  environment: (name: string) => string | undefined,
): Record<string, Grant> {
  const granted: Record<string, Grant> = {};
  for (const name of field.names) {
    const key = grantField(field, name);
    const variable = environment(variableName(key));
    const grant = given.get(flagName(key)) ?? (variable ? parseGrant(variable) : undefined);
    if (grant !== undefined) granted[name] = grant;
  }
  return granted;
}

function splitList(text: string): string[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseValue(name: string, field: Field, text: string): unknown {
  switch (field.kind) {
    case "integer": {
      const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
      const fits = value === field.also ||
        (value >= field.min && value <= (field.max ?? Number.MAX_SAFE_INTEGER));
      if (!fits) throw new InvalidArgumentError(`${name} must be ${describe(field)}, got "${text}"`);
      return value;
    }
    case "boolean":
      if (!["true", "false", "1", "0"].includes(text)) {
        throw new InvalidArgumentError(`${name} must be true or false, got "${text}"`);
      }
      return text === "true" || text === "1";
    case "choice":
      if (!field.choices.includes(text)) {
        throw new InvalidArgumentError(`${name} must be ${describe(field)}, got "${text}"`);
      }
      return text;
    case "strings":
      return splitList(text);
    case "string":
      return text;
    case "grants":
      return parseGrant(text);
  }
}

/** What a field's value may be, in words. */
export function describe(field: Field): string {
  switch (field.kind) {
    case "integer": {
      const bounds = field.max === undefined ? `>= ${field.min}` : `from ${field.min} to ${field.max}`;
      return `a whole number ${bounds}${field.also === undefined ? "" : ` or ${field.also}`}`;
    }
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${field.choices.join(", ")}`;
    case "strings":
      return "a comma-separated list";
    case "string":
      return "text";
    case "grants":
      return "true, false or a comma-separated list";
  }
}
