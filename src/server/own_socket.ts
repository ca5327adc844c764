/** A worker's unix socket: readers on its host read its tasks there. */

import { consoleLog, messageOf } from "../base/mod.ts";
import { listenNear, type NearServer, SocketDirectory } from "../platform/mod.ts";
import type { TaskDataPlane } from "../worker/mod.ts";

/** The socket and what it means for tasks. Where there can be none, tasks are read at the worker's address as ever. */
export class OwnSocket {
  readonly #directory = new SocketDirectory();
  #server: NearServer | null = null;
  #addresses: readonly string[] = [];

  /** What every task of the worker is given. Sessions that begin here are the worker's own, and counted there. */
  get dataPlane(): TaskDataPlane {
    return { addresses: this.#addresses, settled: Promise.resolve(), hasReaders: false };
  }

  /** Listens. Does not throw. */
  open(handler: (request: Request) => Response | Promise<Response>): void {
    try {
      const path = this.#directory.next();
      if (path === null) return;
      this.#server = listenNear({ path, handler, log: consoleLog });
      this.#addresses = [`unix:${path}`];
    } catch (error) {
      consoleLog.info("Readers on this host read over TCP", { reason: messageOf(error) });
    }
  }

  /** Takes no more connections, and cuts off those that are left after `graceMs`. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    this.#addresses = [];
    await this.#server?.stop(graceMs);
    this.#directory.remove();
  }
}
