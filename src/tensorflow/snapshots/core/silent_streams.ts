/**
 * Streams whose workers have gone silent over a restart of the dispatcher. A worker that cannot reach the dispatcher
 * for its `dispatcher_timeout_ms` stops writing, and goes on sending heartbeats that say that it is writing. A stream
 * that is left out of one answer is cancelled by its worker, and begun again from its last checkpoint with the next.
 */

/** How long a stream is waited for that has been seen to get splits more often. */
export const LEAST_PATIENCE_MS = 5_000;

/** How many times as long as ever between two of its splits a stream may be silent. */
const PATIENCE_FACTOR = 5;

/** How long a stream may be silent that got its latest splits at `times`, in milliseconds and in their order. */
export function patienceOf(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  return Math.max(LEAST_PATIENCE_MS, PATIENCE_FACTOR * Math.max(0, ...gaps));
}

interface Watched {
  patienceMs: number;
  /** When its worker was first heard of; null: not yet. */
  heardAt: number | null;
  /** When it last asked for a split; null: not yet. */
  askedAt: number | null;
}

/**
 * Watches streams. Each is begun again once at most, as to do so costs its worker the work since a checkpoint. That
 * one has asked for splits proves nothing: threads that fetch ahead go on for a while after the writer has given up.
 */
export class SilentStreams {
  readonly #watched: Map<number, Watched>;

  /** Watches streams with the patience that is had with each. */
  constructor(patience: ReadonlyMap<number, number>) {
    this.#watched = new Map(
      [...patience].map(([stream, patienceMs]) => [stream, { patienceMs, heardAt: null, askedAt: null }]),
    );
  }

  /** A stream asked for a split. */
  asked(stream: number, now: number): void {
    const watched = this.#watched.get(stream);
    if (!watched) return;
    if (watched.askedAt !== null) {
      watched.patienceMs = Math.max(watched.patienceMs, PATIENCE_FACTOR * (now - watched.askedAt));
    }
    watched.askedAt = now;
  }

  /**
   * A worker sent a heartbeat. `isWriting`: it says that it is writing the stream; else it will begin to.
   *
   * @returns whether the stream is to be begun again
   */
  heartbeat(stream: number, { isWriting, now }: { isWriting: boolean; now: number }): boolean {
    const watched = this.#watched.get(stream);
    if (!watched) return false;
    if (!isWriting) {
      this.#watched.delete(stream);
      return false;
    }
    watched.heardAt ??= now;
    if (now - Math.max(watched.heardAt, watched.askedAt ?? 0) < watched.patienceMs) return false;
    this.#watched.delete(stream);
    return true;
  }
}
