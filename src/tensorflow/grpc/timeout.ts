/** The header `grpc-timeout`: up to eight digits and a unit. */

import { InvalidArgumentError } from "../../base/mod.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds of a header's value. @throws {InvalidArgumentError} for what is no such value */
export function parseTimeout(value: string): number {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  if (digits === undefined) {
    throw new InvalidArgumentError(`Header grpc-timeout must be digits and a unit, got "${value}"`);
  }
  return Number(digits) * UNIT_MS[unit];
}

/** The value for `ms` milliseconds, rounded up; a fraction of a millisecond is one. */
export function formatTimeout(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms));
  return whole < 1e8 ? `${whole}m` : `${Math.min(99_999_999, Math.ceil(whole / 1_000))}S`;
}
