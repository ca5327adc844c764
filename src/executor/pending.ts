/**
 * Whether a pull gave a promise. Iterators give native promises only, so this can be an `instanceof`: unlike a
 * look at `then`, it stays fast when elements are objects of many shapes.
 */
export function isPending<T>(pulled: T | Promise<T>): pulled is Promise<T> {
  return pulled instanceof Promise;
}
