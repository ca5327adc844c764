/** Typed clients of both services. */

import type { DescService } from "@bufbuild/protobuf";
import { type CallOptions, type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { DispatcherService } from "../gen/sluice/v1/dispatcher_pb.ts";
import { InspectionService } from "../gen/sluice/v1/inspection_pb.ts";
import { WorkerService } from "../gen/sluice/v1/worker_pb.ts";
import { fromConnectError } from "./errors.ts";
import { normalizeTarget } from "./target.ts";
import { PROTOCOL_VERSION, VERSION_HEADER } from "./version.ts";

/** A client of the dispatcher's RPCs. Its calls reject with Sluice's errors, or with the reason of the caller's signal. */
export type DispatcherClient = Client<typeof DispatcherService>;

/** A client of a worker's RPCs; elements are read with `readElementStream`. */
export type WorkerClient = Client<typeof WorkerService>;

/** A client that asks a worker what the elements of a dataset look like. */
export type InspectionClient = Client<typeof InspectionService>;

/** How clients call. */
export interface ClientOptions {
  /** Replaces the global `fetch`, as tests do. */
  fetch?: typeof globalThis.fetch;
  /** Deadline of a call that states none, in milliseconds. @default 10_000 */
  defaultTimeoutMs?: number;
}

/** A client of the dispatcher at `address`: "host:port" or a target. */
export function createDispatcherClient(address: string, options?: ClientOptions): DispatcherClient {
  return createSluiceClient(DispatcherService, address, options);
}

/** A client of the worker at `address`: "host:port" or a target. */
export function createWorkerClient(address: string, options?: ClientOptions): WorkerClient {
  return createSluiceClient(WorkerService, address, options);
}

/** A client of the worker at `address` that asks about datasets. */
export function createInspectionClient(address: string, options?: ClientOptions): InspectionClient {
  return createSluiceClient(InspectionService, address, options);
}

const stateVersion: Interceptor = (next) => (request) => {
  request.header.set(VERSION_HEADER, String(PROTOCOL_VERSION));
  return next(request);
};

function createSluiceClient<S extends DescService>(
  service: S,
  address: string,
  options: ClientOptions = {},
): Client<S> {
  const { fetch, defaultTimeoutMs = 10_000 } = options;
  const transport = createConnectTransport({
    baseUrl: normalizeTarget(address),
    useBinaryFormat: true,
    defaultTimeoutMs,
    interceptors: [stateVersion],
    fetch,
  });
  const client = createClient(service, transport) as Record<string, (...args: unknown[]) => unknown>;
  for (const method of service.methods) {
    if (method.methodKind === "unary") {
      client[method.localName] = withErrors(client[method.localName], address);
    }
  }
  return client as Client<S>;
}

/** A call that rejects with the caller's own reason if the caller gave up, else with one of Sluice's errors. */
function withErrors(call: (...args: unknown[]) => unknown, address: string): (...args: unknown[]) => unknown {
  return async (request, options) => {
    try {
      return await call(request, options);
    } catch (thrown) {
      const signal = (options as CallOptions | undefined)?.signal;
      if (signal?.aborted) throw signal.reason;
      throw fromConnectError(thrown, address);
    }
  };
}
