import { raceAbort } from "../base/mod.ts";

/**
 * A value that is made once. Those who want it while it is being made wait for it; if the making fails, or whoever
 * makes it gives up, the next in line makes it on his own account.
 */
export class Remembered<T> {
  #value: { readonly value: T } | null = null;
  #underWay: Promise<void> | null = null;

  /** The value, made by `make` if it is not there. `signal` ends this caller's wait only. */
  async get(make: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    while (this.#underWay) await raceAbort(this.#underWay, signal);
    if (this.#value) return this.#value.value;
    const made = make();
    this.#underWay = made.then(() => {}, () => {});
    try {
      this.#value = { value: await made };
      return this.#value.value;
    } finally {
      this.#underWay = null;
    }
  }

  /** Forgets `value` if it is the one that is remembered. */
  forget(value: T): void {
    if (this.#value?.value === value) this.#value = null;
  }
}
