/** Kinds of node attributes: what a value must be, said once for building and for parsing. */

import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkString,
  InvalidArgumentError,
  show,
} from "../base/mod.ts";
import { checkElement } from "../element/mod.ts";
import { checkFunctionRef } from "./function_refs.ts";

/** A kind of attribute. */
export interface Attribute {
  /** Throws an InvalidArgumentError with the attribute's name if `value` is not of this kind. */
  check(name: string, value: unknown): void;
  /** Set where the value is, or may be, a function reference: it then travels without its live function. */
  readonly mayBeFunction?: true;
  /** Set where the order of a record's keys means nothing: it then travels in the order of the keys. */
  readonly sortKeys?: true;
}

/** A whole number within bounds. */
export function integer(bounds: { min?: number; max?: number } = {}): Attribute {
  return { check: (name, value) => void checkInteger(name, value, bounds) };
}

/** How many elements; -1 stands for all, or for ever. */
export const count: Attribute = integer({ min: -1 });

/** A size that must be at least one. */
export const size: Attribute = integer({ min: 1 });

const LARGEST = 2 ** 63;

/** A whole number that need not be a safe one: ends of ranges go up to 2^63, as in tf.data. */
export const whole: Attribute = {
  check(name, value) {
    if (!Number.isInteger(value) || Math.abs(value as number) > LARGEST) {
      throw new InvalidArgumentError(`\`${name}\` must be a whole number within 2^63, got ${show(value)}`);
    }
  },
};

/** Any finite number. */
export const finite: Attribute = { check: (name, value) => void checkNumber(name, value) };

/** True or false. */
export const boolean: Attribute = { check: (name, value) => void checkBoolean(name, value) };

/** A string that is not empty. */
export const string: Attribute = { check: (name, value) => void checkString(name, value) };

/** One of several strings. */
export function oneOf(...choices: readonly string[]): Attribute {
  return { check: (name, value) => void checkOneOf(name, value, choices) };
}

/** The kind, or null. */
export function nullable(kind: Attribute): Attribute {
  return { ...kind, check: (name, value) => value === null ? undefined : kind.check(name, value) };
}

/** An array of the kind, of at least `min` items. */
export function listOf(kind: Attribute, { min = 0 }: { min?: number } = {}): Attribute {
  return {
    check(name, value) {
      if (!Array.isArray(value) || value.length < min) {
        const rule = min === 0 ? "an array" : `an array of at least ${min}`;
        throw new InvalidArgumentError(`\`${name}\` must be ${rule}, got ${show(value)}`);
      }
      for (let i = 0; i < value.length; i++) kind.check(`${name}[${i}]`, value[i]);
    },
  };
}

/** A plain record with exactly these attributes. */
export function recordOf(kinds: Readonly<Record<string, Attribute>>): Attribute {
  return {
    sortKeys: true,
    check(name, value) {
      if (!isRecord(value)) {
        throw new InvalidArgumentError(`\`${name}\` must be a record, got ${show(value)}`);
      }
      for (const key of Object.keys(kinds)) kinds[key].check(`${name}.${key}`, value[key]);
      const stranger = Object.keys(value).find((key) => !Object.hasOwn(kinds, key));
      if (stranger !== undefined) throw new InvalidArgumentError(`\`${name}\` has no field "${stranger}"`);
    },
  };
}

/** Any element. */
export const element: Attribute = { check: (name, value) => checkElement(value, `\`${name}\``) };

/** An array of elements. */
export const elements: Attribute = {
  check(name, value) {
    if (!Array.isArray(value)) {
      throw new InvalidArgumentError(`\`${name}\` must be an array, got ${show(value)}`);
    }
    checkElement(value);
  },
};

/** A record of elements under any names. */
export const elementRecord: Attribute = {
  sortKeys: true,
  check(name, value) {
    if (!isRecord(value)) throw new InvalidArgumentError(`\`${name}\` must be a record, got ${show(value)}`);
    checkElement(value, `\`${name}\``);
  },
};

/** A function reference. */
export const fn: Attribute = { mayBeFunction: true, check: checkFunctionRef };

/** A size, or a function reference that gives it. */
export const sizeOrFn: Attribute = {
  mayBeFunction: true,
  check: (name, value) => (typeof value === "number" ? size : fn).check(name, value),
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
