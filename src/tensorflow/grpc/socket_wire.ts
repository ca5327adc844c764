import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { Wire } from "./http2/connection.ts";

/** A socket as the wire of an HTTP/2 connection. */
export class SocketWire implements Wire {
  readonly #socket: Socket;
  #isGathering = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#socket.cork();
    setImmediate(() => this.flush());
  }

  flush(): void {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end(() => this.#socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get waiting(): number {
    return this.#socket.writableLength;
  }
}
