/** Ends a `switch` over a union: the compiler refuses a case that was forgotten, and bad data fails loudly. */
export function assertNever(value: never): never {
  throw new TypeError(`Cannot handle ${JSON.stringify(value)}: no case of the union`);
}
