/** A configuration as a table: what each field may hold, its default and its help stand in one place. */

import { InvalidArgumentError } from "./errors.ts";
import { checkBoolean, checkInteger, checkKeys, checkOneOf, checkString, show } from "./options.ts";

/** What a field may hold. */
export type FieldKind =
  /** A whole number within bounds. `also` is a further value outside of them, such as -1 for "never". */
  | { readonly kind: "integer"; readonly min: number; readonly max?: number; readonly also?: number }
  | { readonly kind: "boolean" }
  | { readonly kind: "string" }
  | { readonly kind: "strings" }
  /**
   * A record: each of `names` may be granted as a whole (true), in part (a list of texts) or not (false, or missing).
   * On the command line a flag for each, such as `--allow-read` or `--allow-read=A,B` where `prefix` is "allow".
   */
  | { readonly kind: "grants"; readonly prefix: string; readonly names: readonly string[] }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

/** One field of a configuration. */
export type Field = FieldKind & {
  /** Used where the configuration leaves the field out; undefined: it stays out. */
  readonly default?: unknown;
  /** One line for `--help`. */
  readonly help: string;
  /** Whether the field must be given. */
  readonly required?: boolean;
};

/** The fields of a configuration by their names. */
export type Fields = Readonly<Record<string, Field>>;

/**
 * The configuration with every default filled in.
 *
 * @throws {InvalidArgumentError} for a field that is not known, lacks or holds what it may not
 */
export function completeConfig(name: string, fields: Fields, config: unknown): Record<string, unknown> {
  checkKeys(name, config, Object.keys(fields));
  const given = (config ?? {}) as Record<string, unknown>;
  const complete: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const value = given[key];
    if (value !== undefined) complete[key] = checkField(key, field, value);
    else if (field.required) throw new InvalidArgumentError(`\`${key}\` must be given`);
    else complete[key] = field.default;
  }
  return complete;
}

function checkField(name: string, field: Field, value: unknown): unknown {
  switch (field.kind) {
    case "integer":
      return value === field.also ? value : checkInteger(name, value, { min: field.min, max: field.max });
    case "boolean":
      return checkBoolean(name, value);
    case "string":
      return checkString(name, value);
    case "choice":
      return checkOneOf(name, value, field.choices);
    case "strings":
      if (!isStrings(value)) {
        throw new InvalidArgumentError(`\`${name}\` must be an array of strings, got ${show(value)}`);
      }
      return [...value];
    case "grants":
      return checkGrants(name, field.names, value);
  }
}

function checkGrants(name: string, names: readonly string[], value: unknown): Record<string, unknown> {
  checkKeys(name, value, names);
  const grants: Record<string, unknown> = {};
  for (const [key, grant] of Object.entries(value as Record<string, unknown>)) {
    if (grant === undefined) continue;
    if (typeof grant !== "boolean" && !isStrings(grant)) {
      throw new InvalidArgumentError(
        `\`${name}.${key}\` must be a boolean or an array of strings, got ${show(grant)}`,
      );
    }
    grants[key] = typeof grant === "boolean" ? grant : [...grant];
  }
  return grants;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
