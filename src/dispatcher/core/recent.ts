/** How many request ids of one kind are remembered at most: hours of new clients, yet only a few megabytes. */
export const MAX_RECENT_REQUESTS = 10_000;

/**
 * What recent request ids led to. Two halves, because taking the oldest entry out of one map takes the longer the
 * more went before it: when the newer half is full, the older one goes as a whole.
 */
export interface Recent<V> {
  newer: Map<string, V>;
  older: Map<string, V>;
}

/** Remembers nothing yet. */
export function createRecent<V>(): Recent<V> {
  return { newer: new Map(), older: new Map() };
}

/**
 * Remembers what a request id led to, so that a request repeated after a lost answer changes nothing. The
 * oldest are forgotten beyond {@linkcode MAX_RECENT_REQUESTS}: no client repeats a request that late.
 */
export function remember<V>(recent: Recent<V>, requestId: string | null, value: V): void {
  if (requestId === null) return;
  if (recent.newer.size >= MAX_RECENT_REQUESTS / 2) {
    recent.older = recent.newer;
    recent.newer = new Map();
  }
  recent.newer.set(requestId, value);
}

/** What a request id led to, if that is remembered. */
export function recall<V>(
  { newer, older }: { readonly newer: ReadonlyMap<string, V>; readonly older: ReadonlyMap<string, V> },
  requestId: string | null,
): V | undefined {
  return requestId === null ? undefined : newer.get(requestId) ?? older.get(requestId);
}
