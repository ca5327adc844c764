/** An error that waits in a buffer for its turn, in the place of the element that it belongs to. */
export class Failure {
  /** What was thrown. */
  readonly reason: unknown;

  /** Wraps what was thrown. */
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** The element, or what was thrown in its place. */
export function unwrap<T>(item: T | Failure): T {
  if (item instanceof Failure) throw item.reason;
  return item;
}
