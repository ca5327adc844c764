import { type Deferred, deferred } from "../../base/mod.ts";

/** Asks one thread to echo numbers, which it does when its event loop turns. */
export class Pulse {
  readonly #send: (beat: number) => void;
  #waiting = new Map<number, Deferred<void>>();
  #beats = 0;
  #isOver = false;

  /** `send` takes a number to the thread. */
  constructor(send: (beat: number) => void) {
    this.#send = send;
  }

  /** Resolves when the thread has echoed, or has ended. */
  beat(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    const echoed = deferred<void>();
    this.#waiting.set(++this.#beats, echoed);
    this.#send(this.#beats);
    return echoed.promise;
  }

  /** An echo has come. */
  echo(beat: number): void {
    this.#waiting.get(beat)?.resolve();
    this.#waiting.delete(beat);
  }

  /** The thread has ended: nobody waits for it any more. */
  end(): void {
    this.#isOver = true;
    for (const echoed of this.#waiting.values()) echoed.resolve();
    this.#waiting.clear();
  }
}
