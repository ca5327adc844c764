/** Checks of request fields. Each names the field as the protocol's JSON does, and says what it may be. */

import { InvalidArgumentError, show } from "../../base/mod.ts";

const MAX_ID = BigInt(Number.MAX_SAFE_INTEGER);

/** A 64-bit number as a JavaScript number. */
export function checkNumber64(name: string, value: bigint, min = 0n): number {
  if (value < min || value > MAX_ID) {
    throw new InvalidArgumentError(`\`${name}\` must be from ${min} to ${MAX_ID}, got ${value}`);
  }
  return Number(value);
}

/** A list of at most `max` 64-bit numbers. */
export function checkNumbers64(name: string, values: readonly bigint[], max: number): number[] {
  checkCount(name, values, max);
  // A worker's heartbeat lists thousands: the name of one is made only for the message that refuses it.
  const bad = values.findIndex((value) => value < 0n || value > MAX_ID);
  if (bad >= 0) checkNumber64(`${name}[${bad}]`, values[bad]);
  return values.map(Number);
}

/** A list of at most `max` items. */
export function checkCount(name: string, values: readonly unknown[], max: number): void {
  if (values.length <= max) return;
  throw new InvalidArgumentError(`\`${name}\` must have at most ${max} items, got ${values.length}`);
}

/** A text of `min` to `max` characters. */
export function checkText(name: string, value: string, min: number, max: number): string {
  if (value.length >= min && value.length <= max) return value;
  if (value === "") throw new InvalidArgumentError(`\`${name}\` must not be empty`);
  throw new InvalidArgumentError(
    `\`${name}\` must have ${min} to ${max} characters, got ${value.length}: ${show(value)}`,
  );
}

/** A list of at most `max` texts, each of `minLength` to `maxLength` characters. */
export function checkTexts(
  name: string,
  values: readonly string[],
  { max, minLength, maxLength }: { max: number; minLength: number; maxLength: number },
): string[] {
  checkCount(name, values, max);
  return values.map((value, i) => checkText(`${name}[${i}]`, value, minLength, maxLength));
}

/** An address that a client can be made for: no blanks or control characters. */
export function checkAddress(name: string, value: string): string {
  checkText(name, value, 1, 512);
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (!/[\u0000-\u0020\u007f]/.test(value)) return value;
  throw new InvalidArgumentError(`\`${name}\` must be an address such as "host:port", got ${show(value)}`);
}

/** A number of an enum that this version knows. */
export function checkEnum(name: string, value: number, known: { readonly [number: number]: string }): number {
  if (known[value] !== undefined) return value;
  const numbers = Object.keys(known).filter((key) => /^\d+$/.test(key)).map((key) =>
    `${key} (${known[Number(key)]})`
  );
  throw new InvalidArgumentError(`\`${name}\` must be one of ${numbers.join(", ")}, got ${value}`);
}

/** A message that must be there. */
export function checkPresent<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new InvalidArgumentError(`\`${name}\` must be given`);
  return value;
}
