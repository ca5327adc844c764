import type { Random } from "../../src/base/mod.ts";
import type { FetchHandler } from "../../src/rpc/mod.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** What goes wrong on the way. Chances are of each message, from 0 to 1. */
export interface Weather {
  /** Longest time on the way, in milliseconds. */
  readonly delayMs: number;
  /** A request does not arrive. */
  readonly loseRequest: number;
  /** A request arrives and its answer does not. */
  readonly loseAnswer: number;
  /** A request arrives twice; the first answer does not come back. */
  readonly repeat: number;
  /** A stream breaks off before a piece. */
  readonly cut: number;
}

/** Nothing goes wrong. */
export const FINE: Weather = { delayMs: 1, loseRequest: 0, loseAnswer: 0, repeat: 0, cut: 0 };

/** Who sends and receives. */
export interface Peer {
  /** "host:port". */
  readonly address: string;
  /** Aborted when the process has died. */
  readonly gone: AbortSignal;
  /** Answers requests; null: it only asks. */
  readonly handle: FetchHandler | null;
}

// A peer on the other side of a broken network says nothing; the caller's own kernel gives up after this time.
const SILENCE_MS = 2_000;

/** A network in memory: requests and streams of bytes between the peers, with the weather of the moment. */
export class Network {
  weather: Weather = FINE;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #peers = new Map<string, Peer>();
  /** Pairs that cannot reach each other. */
  readonly #apart = new Set<string>();

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  /** Puts a peer at its address, in place of one that was there. */
  join(peer: Peer): void {
    this.#peers.set(peer.address, peer);
  }

  /** Breaks the network between two addresses. */
  part(a: string, b: string): void {
    this.#apart.add(pair(a, b));
  }

  /** Mends everything. */
  mend(): void {
    this.#apart.clear();
    this.weather = FINE;
  }

  /** The `fetch` of a peer. It fails as `fetch` does, with TypeErrors, and at once when either side dies. */
  fetchOf(from: Peer): typeof fetch {
    return async (input, init) => {
      if (input instanceof Request) throw new TypeError("the simulation's fetch takes an address");
      const url = String(input);
      const to = new URL(url).host;
      const signal = init?.signal ?? null;
      await this.#travel(from, null, signal);
      const peer = this.#reachable(from, to);
      if (!peer?.handle || this.#happens(this.weather.loseRequest)) {
        const isSilent = peer !== null || this.#apart.has(pair(from.address, to));
        if (isSilent) await this.#sleep(SILENCE_MS, from, null, signal);
        throw new TypeError(isSilent ? "connection timed out" : "connection refused");
      }
      const gone = new AbortController();
      const { handle } = peer;
      const send = () => {
        const answering = handle(new Request(url, { ...init, signal: gone.signal }));
        // The only call that is answered with the help of another thread.
        return answering && url.endsWith("/GetOrRegisterDataset") ? this.#time.hold(answering) : answering;
      };
      try {
        if (this.#happens(this.weather.repeat)) {
          (await until(send() ?? notFound(), from, peer, signal)).body?.cancel().catch(() => {});
        }
        const answer = await until(send() ?? notFound(), from, peer, signal);
        if (this.#happens(this.weather.loseAnswer) || this.#reachable(from, to) !== peer) {
          answer.body?.cancel().catch(() => {});
          throw new TypeError("connection reset");
        }
        await this.#travel(from, peer, signal);
        const body = answer.body && this.#carry(answer.body, { from, peer, gone, signal });
        return new Response(body, { status: answer.status, headers: answer.headers });
      } catch (error) {
        gone.abort();
        throw error;
      }
    };
  }

  /** The bytes of an answer, piece by piece, as they come through. */
  #carry(
    body: ReadableStream<Uint8Array>,
    { from, peer, gone, signal }: {
      from: Peer;
      peer: Peer;
      gone: AbortController;
      signal: AbortSignal | null;
    },
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const reader = body.getReader();
    const end = () => {
      gone.abort();
      reader.cancel().catch(() => {});
    };
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      type: "bytes",
      pull: async (controller) => {
        this.#time.touch();
        try {
          const { done, value } = await until(reader.read(), from, peer, signal);
          await this.#travel(from, peer, signal);
          if (this.#happens(this.weather.cut) || this.#reachable(from, peer.address) !== peer) {
            throw new TypeError("error reading a body from connection");
          }
          if (!done) return controller.enqueue(value.slice());
          controller.close();
          (controller as ReadableByteStreamController).byobRequest?.respond(0);
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      cancel: end,
    });
  }

  #reachable(from: Peer, to: string): Peer | null {
    const peer = this.#peers.get(to);
    return peer && !peer.gone.aborted && !this.#apart.has(pair(from.address, to)) ? peer : null;
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random.float() < chance;
  }

  #travel(from: Peer, to: Peer | null, signal: AbortSignal | null): Promise<void> {
    return this.#sleep(this.#random.below(this.weather.delayMs + 1), from, to, signal);
  }

  #sleep(ms: number, from: Peer, to: Peer | null, signal: AbortSignal | null): Promise<void> {
    return until(new Promise<void>((resolve) => this.#time.in(ms, resolve)), from, to, signal);
  }
}

/** What `promise` gives, unless one side dies before, or the caller gives up. */
function until<T>(
  promise: Promise<T>,
  from: Peer,
  to: Peer | null,
  signal: AbortSignal | null,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const signals = [from.gone, to?.gone, signal].filter((watched) => watched instanceof AbortSignal);
    const stop = () => signals.forEach((watched) => watched.removeEventListener("abort", onAbort));
    const onAbort = () => {
      stop();
      reject(signal?.aborted ? signal.reason : new TypeError("connection reset"));
    };
    for (const watched of signals) {
      if (watched.aborted) return onAbort();
      watched.addEventListener("abort", onAbort);
    }
    promise.then(resolve, reject).finally(stop);
  });
}

function notFound(): Promise<Response> {
  return Promise.resolve(new Response("not found", { status: 404 }));
}

function pair(a: string, b: string): string {
  return [a, b].sort().join(" ");
}
