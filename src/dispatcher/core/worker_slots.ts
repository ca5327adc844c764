/** The fixed list of workers: which address belongs to which place. */

import { FailedPreconditionError } from "../../base/mod.ts";
import type { StateView } from "./state.ts";

/** A place with such a port, or with none, takes a worker on any port of its host. */
const ANY_PORT = /^%port(?:_[\w-]+)?%$/;
const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(.+?)(?::(\d+|%port(?:_[\w-]+)?%))?$/i;

function parse(address: string): { host: string; port: string | null } {
  const [, host = address, port = null] = ADDRESS.exec(address) ?? [];
  return { host: host.toLowerCase(), port };
}

/** Whether a worker at `address` may take the place that is written as `place`. */
export function matchesPlace(place: string, address: string): boolean {
  if (place === address) return true;
  const wanted = parse(place);
  return (wanted.port === null || ANY_PORT.test(wanted.port)) && wanted.host === parse(address).host;
}

/**
 * The place of a worker in the list, null if there is no list. A worker keeps the place it has; a lost one's is
 * free for others. A place that names the very address goes before one that takes any port of its host.
 *
 * @throws {FailedPreconditionError} if the list has no free place for it
 */
export function placeOf(
  state: StateView,
  places: readonly string[],
  address: string,
): number | null {
  if (places.length === 0) return null;
  const taken = new Map<number, string>();
  for (const worker of state.workers.values()) {
    if (worker.slot !== null && worker.lostAt === null) taken.set(worker.slot, worker.address);
  }
  const free = (place: number) => !taken.has(place) || taken.get(place) === address;
  const held = state.workers.get(address)?.slot ?? null;
  if (held !== null && free(held) && held < places.length && matchesPlace(places[held], address)) return held;
  const exact = places.findIndex((place, i) => place === address && free(i));
  if (exact >= 0) return exact;
  const any = places.findIndex((place, i) => matchesPlace(place, address) && free(i));
  if (any >= 0) return any;
  throw new FailedPreconditionError(
    `Failed to assign an index for worker ${address}. The worker's address is not configured, or other workers ` +
      `are already running at the configured host. Configured: ${places.join(", ")}`,
  );
}
