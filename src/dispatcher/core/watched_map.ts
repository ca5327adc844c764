/** Told of a value before anybody gets it, and may change it. */
export type Watcher<V> = (value: V) => void;

/**
 * A map of things that are changed in place, by whoever gets them from it. A watcher hears of each before that: so a
 * state can be written down in steps as it was when the first was made.
 */
export class WatchedMap<K, V> extends Map<K, V> {
  readonly #watchers = new Set<Watcher<V>>();

  /** Tells `watcher` of values that are got from now on; gives what ends that. */
  watch(watcher: Watcher<V>): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** The entries, for somebody who changes nothing. */
  look(): MapIterator<[K, V]> {
    return super.entries();
  }

  override get(key: K): V | undefined {
    const value = super.get(key);
    if (this.#watchers.size > 0 && value !== undefined) this.#tell(value);
    return value;
  }

  override values(): MapIterator<V> {
    this.#tellAll();
    return super.values();
  }

  override entries(): MapIterator<[K, V]> {
    this.#tellAll();
    return super.entries();
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  override forEach(callback: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  #tell(value: V): void {
    for (const watcher of this.#watchers) watcher(value);
  }

  #tellAll(): void {
    if (this.#watchers.size === 0) return;
    for (const value of super.values()) this.#tell(value);
  }
}
