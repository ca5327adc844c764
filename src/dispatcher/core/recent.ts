/** How many request ids of one kind are remembered: hours of new clients, yet only a few megabytes. */
export const MAX_RECENT_REQUESTS = 10_000;

/**
 * Remembers what a request id led to, so that a request repeated after a lost answer changes nothing. The
 * oldest are forgotten beyond {@linkcode MAX_RECENT_REQUESTS}: no client repeats a request that late.
 */
export function remember<V>(recent: Map<string, V>, requestId: string | null, value: V): void {
  if (requestId === null) return;
  recent.set(requestId, value);
  if (recent.size <= MAX_RECENT_REQUESTS) return;
  for (const oldest of recent.keys()) {
    recent.delete(oldest);
    return;
  }
}
