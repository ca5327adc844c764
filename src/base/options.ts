/** Checks of options: each refuses a bad value with the rule and the value, before anything has happened. */

import { InvalidArgumentError } from "./errors.ts";

/** A value as a message shows it: strings quoted, long ones cut. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? value.slice(0, 77) + "..." : value);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value)
      ? `an array of ${value.length}`
      : `a ${value.constructor?.name ?? "null-prototype object"}`;
  }
  return String(value);
}

/** A whole number from `min` to `max`, or an {@linkcode InvalidArgumentError} that names the option. */
export function checkInteger(
  name: string,
  value: unknown,
  { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    const bounds = max === Number.MAX_SAFE_INTEGER
      ? (min === Number.MIN_SAFE_INTEGER ? "" : ` >= ${min}`)
      : ` from ${min} to ${max}`;
    throw new InvalidArgumentError(`\`${name}\` must be a whole number${bounds}, got ${show(value)}`);
  }
  return value;
}

/** A finite number, or an {@linkcode InvalidArgumentError} that names the option. */
export function checkNumber(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new InvalidArgumentError(`\`${name}\` must be a finite number, got ${show(value)}`);
  }
  return value;
}

/** A non-empty string, or an {@linkcode InvalidArgumentError} that names the option. */
export function checkString(name: string, value: unknown): string {
  if (typeof value !== "string") {
    throw new InvalidArgumentError(`\`${name}\` must be a string, got ${show(value)}`);
  }
  if (value === "") throw new InvalidArgumentError(`\`${name}\` must not be empty`);
  return value;
}

/** A boolean, or an {@linkcode InvalidArgumentError} that names the option. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new InvalidArgumentError(`\`${name}\` must be true or false, got ${show(value)}`);
  }
  return value;
}

/** A function, or an {@linkcode InvalidArgumentError} that names the option. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") {
    throw new InvalidArgumentError(`\`${name}\` must be a function, got ${show(value)}`);
  }
}

/** One of `choices`, or an {@linkcode InvalidArgumentError} that lists them. */
export function checkOneOf<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    throw new InvalidArgumentError(
      `\`${name}\` must be one of ${choices.map((c) => `"${c}"`).join(", ")}, got ${show(value)}`,
    );
  }
  return value as T;
}

/** An options object with no keys but `known`, or an {@linkcode InvalidArgumentError} that names the stranger. */
export function checkKeys(name: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(`\`${name}\` must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new InvalidArgumentError(`\`${name}\` has no option "${key}": it knows ${known.join(", ")}`);
    }
  }
}
