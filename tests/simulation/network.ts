import type { Random } from "../../src/base/mod.ts";
import type { FetchHandler } from "../../src/rpc/mod.ts";
import { Line } from "./line.ts";
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
  /** Whether its machine was cut off for good: nothing reaches it, and nobody is told that its connections are dead. */
  readonly isFrozen: boolean;
  /** Answers requests; null: it only asks. */
  readonly handle: FetchHandler | null;
}

interface Listener extends Peer {
  readonly handle: FetchHandler;
}

/** An answer on its way. */
interface Stream {
  readonly from: Peer;
  readonly peer: Peer;
  /** Tells the server that its caller has gone. */
  readonly gone: AbortController;
  readonly line: Line;
}

const STREAM = "application/connect+";

// One for all: each would cost as much as the call.
const LEFT = new DOMException("The reader has left", "AbortError");

// A peer on the other side of a broken network says nothing; the caller's own kernel gives up after this time.
const SILENCE_MS = 2_000;

/** A copy of a request may come so late, when others have overtaken it and its caller has long had an answer. */
const LATE_MS = 5_000;

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
    return async (input, init = {}) => {
      if (input instanceof Request) throw new TypeError("the simulation's fetch takes an address");
      const url = String(input);
      const gone = new AbortController();
      const line = new Line(from, init.signal ?? null);
      let isOpen = false;
      try {
        await this.#travel(line);
        const peer = await this.#connect(from, new URL(url).host, line);
        line.reach(peer);
        const send = () => this.#answer(peer, url, { ...init, signal: gone.signal });
        if (this.#happens(this.weather.repeat)) {
          if (this.#random.below(2) === 0) this.#repeatLate(from, url, init);
          else (await line.until(send())).body?.cancel().catch(() => {});
        }
        const answer = await line.until(send());
        if (this.#happens(this.weather.loseAnswer) || this.#reachable(from, peer.address) !== peer) {
          answer.body?.cancel().catch(() => {});
          throw new TypeError("connection reset");
        }
        await this.#travel(line);
        await arrival(from);
        isOpen = answer.headers.get("content-type")?.startsWith(STREAM) === true;
        return isOpen ? this.#carry(answer, { from, peer, gone, line }) : answer;
      } catch (error) {
        gone.abort(error);
        throw error;
      } finally {
        if (!isOpen) line.close();
      }
    };
  }

  /** A copy comes later, to whoever is there by then; nobody waits for the answer. */
  #repeatLate(from: Peer, url: string, init: RequestInit): void {
    this.#time.in(this.#random.below(LATE_MS), () => {
      const peer = this.#reachable(from, new URL(url).host);
      if (!peer?.handle) return;
      this.#answer(peer as Listener, url, { ...init, signal: null })
        .then(({ body }) => body?.cancel(), () => {});
    });
  }

  async #connect(from: Peer, to: string, line: Line): Promise<Listener> {
    const peer = this.#reachable(from, to);
    if (peer?.handle && !this.#happens(this.weather.loseRequest)) return peer as Listener;
    const isSilent = peer !== null || this.#apart.has(pair(from.address, to));
    if (isSilent) await this.#sleep(SILENCE_MS, line);
    throw new TypeError(isSilent ? "connection timed out" : "connection refused");
  }

  #answer({ handle }: Listener, url: string, init: RequestInit): Promise<Response> {
    const request = new Request(url, init);
    // As `fetch` states it: without it, a server takes every call for an odd one.
    if (init.body instanceof Uint8Array) request.headers.set("content-length", `${init.body.byteLength}`);
    return handle(request) ?? Promise.resolve(new Response("not found", { status: 404 }));
  }

  /** A stream, piece by piece, as they come through. */
  #carry({ body, status, headers }: Response, { from, peer, gone, line }: Stream): Response {
    const reader = body!.getReader();
    const end = () => {
      line.close();
      gone.abort(LEFT);
      reader.cancel().catch(() => {});
    };
    line.onBreak = end; // The server hears of it although nobody reads on.
    const pieces = new ReadableStream<Uint8Array<ArrayBuffer>>({
      type: "bytes",
      pull: async (controller) => {
        try {
          const { done, value } = await line.until(reader.read());
          await this.#travel(line);
          await arrival(from);
          if (this.#happens(this.weather.cut) || this.#reachable(from, peer.address) !== peer) {
            throw new TypeError("error reading a body from connection");
          }
          if (!done) return controller.enqueue(value.slice());
          line.close();
          controller.close();
          (controller as ReadableByteStreamController).byobRequest?.respond(0);
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      cancel: end,
    });
    return new Response(pieces, { status, headers });
  }

  #reachable(from: Peer, to: string): Peer | null {
    const peer = this.#peers.get(to);
    return peer && !peer.gone.aborted && !this.#apart.has(pair(from.address, to)) ? peer : null;
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random.float() < chance;
  }

  #travel(line: Line): Promise<void> {
    return this.#sleep(this.#random.below(this.weather.delayMs + 1), line);
  }

  #sleep(ms: number, line: Line): Promise<void> {
    return line.until(new Promise<void>((resolve) => void this.#time.in(ms, resolve)));
  }
}

/** Resolves where the process is there to take what has come. */
function arrival({ isFrozen }: Peer): Promise<void> {
  return isFrozen ? new Promise(() => {}) : Promise.resolve();
}

function pair(a: string, b: string): string {
  return [a, b].sort().join(" ");
}
