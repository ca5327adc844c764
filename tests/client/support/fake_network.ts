import type { FetchHandler } from "../../../src/rpc/mod.ts";

/** How a host of the network behaves. */
export type HostState =
  /** It answers. */
  | "up"
  /** Connections are refused. */
  | "refusing"
  /** Connections are accepted, and nothing ever comes back. */
  | "hanging";

/** Hosts that are reached by `fetch` without a socket. */
export class FakeNetwork {
  readonly #hosts = new Map<string, { handler: FetchHandler; state: HostState }>();
  /** The paths that were asked for, by host, in order. */
  readonly requests: { host: string; path: string }[] = [];

  /** Adds a host, "name:port". */
  add(host: string, handler: FetchHandler): void {
    this.#hosts.set(host, { handler, state: "up" });
  }

  /** Changes how a host behaves from now on; streams that are open stay so. */
  set(host: string, state: HostState): void {
    this.#hosts.get(host)!.state = state;
  }

  /** How often a method was called. */
  count(method: string): number {
    return this.requests.filter(({ path }) => path.endsWith(`/${method}`)).length;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { host, pathname } = new URL(request.url);
    this.requests.push({ host, path: pathname });
    const entry = this.#hosts.get(host);
    if (!entry || entry.state === "refusing") {
      throw new TypeError("fetch failed", { cause: new Error("Connection refused (os error 111)") });
    }
    if (entry.state === "hanging") {
      return await new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true });
      });
    }
    return await (entry.handler(request) ?? new Response(null, { status: 404 }));
  };
}
