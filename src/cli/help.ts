/** The text of `--help`. */

import type { Field, Fields } from "../base/mod.ts";
import { flagName, grantField, variableName } from "./flags.ts";

/** The help of a command: its usage, each flag with its default, and the environment variables. */
export function helpText(command: string, summary: string, fields: Fields): string {
  const rows = Object.entries(fields).flatMap(([name, field]) => rowsOf(name, field));
  rows.push(["--json", "Print the line that says it serves as JSON"], ["-h, --help", "Print this"]);
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return [
    summary,
    "",
    `Usage: deno task ${command} [flags]`,
    "",
    ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}${help}`),
    "",
    `Each flag has an environment variable, such as ${
      variableName(Object.keys(fields)[0])
    }; flags go before them.`,
  ].join("\n");
}

function rowsOf(name: string, field: Field): string[][] {
  if (field.kind !== "grants") return [[usage(name, field), explanation(field)]];
  return field.names.map((grant, i) => [
    `--${flagName(grantField(field, grant))}[=A,B]`,
    i === 0 ? field.help : "",
  ]);
}

function usage(name: string, field: Exclude<Field, { kind: "grants" }>): string {
  const flag = flagName(name);
  if (field.kind === "boolean") return `--[no-]${flag}`;
  const value = { integer: "N", string: "TEXT", strings: "A,B", choice: "" }[field.kind];
  return `--${flag} ${field.kind === "choice" ? field.choices.join("|") : value}`;
}

function explanation(field: Field): string {
  if (field.required) return `${field.help} (required)`;
  const shown = Array.isArray(field.default) ? field.default.join(",") : field.default;
  return shown === undefined || shown === "" ? field.help : `${field.help} (default ${shown})`;
}
