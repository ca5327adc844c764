import { receiveMessageOnPort } from "node:worker_threads";

/**
 * One end of a line of messages between two threads. A thread that is busy takes what has arrived by
 * {@linkcode MessageLine.poll}: Deno's event loop looks at messages of other threads only once in many turns while
 * it is kept turning, which held answers up for tens of milliseconds.
 */
export class MessageLine<In, Out> {
  readonly #port: MessagePort;
  readonly #take: (message: In) => void;
  #sent = 0;
  #taken = 0;
  /** A message that the event loop has begun to deliver is overtaken by what is polled meanwhile. */
  #early = new Map<number, In>();
  #open = true;

  /** Takes over `port`; messages go to `take`, in order. */
  constructor(port: MessagePort, take: (message: In) => void) {
    this.#port = port;
    this.#take = take;
    port.onmessage = ({ data }: MessageEvent<[number, In]>) => this.#receive(data);
  }

  /** Sends a message. What is in `transfer` belongs to the other side afterwards. Nothing happens after `close`. */
  post(message: Out, transfer: ArrayBuffer[] = []): void {
    if (this.#open) this.#port.postMessage([this.#sent++, message], transfer);
  }

  /** Takes the messages that are there, without waiting. */
  poll(): void {
    // Node's type of a port, which the function is declared with, is another than the web's; the object is the same.
    const port = this.#port as unknown as Parameters<typeof receiveMessageOnPort>[0];
    while (this.#open) {
      const received = receiveMessageOnPort(port);
      if (received === undefined) return;
      this.#receive(received.message);
    }
  }

  /** Ends the line; nothing is taken any more. Idempotent. */
  close(): void {
    this.#open = false;
    this.#early.clear();
    this.#port.close();
  }

  #receive([number, message]: [number, In]): void {
    this.#early.set(number, message);
    while (this.#open && this.#early.has(this.#taken)) {
      const next = this.#early.get(this.#taken)!;
      this.#early.delete(this.#taken++);
      this.#take(next);
    }
  }
}
