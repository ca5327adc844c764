/** Typed clients of both services. */

import type {
  DescMethod,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { type Clock, systemClock } from "../base/mod.ts";
import { DispatcherService } from "../gen/sluice/v1/dispatcher_pb.ts";
import { InspectionService } from "../gen/sluice/v1/inspection_pb.ts";
import { WorkerService } from "../gen/sluice/v1/worker_pb.ts";
import { normalizeTarget } from "./target.ts";
import { type CallOptions, callUnary } from "./unary_call.ts";

/** The unary calls of a service; see {@linkcode callUnary} for what they throw. */
export type UnaryClient<S extends DescService> = {
  readonly [K in keyof S["method"] as S["method"][K] extends DescMethodUnary ? K : never]:
    S["method"][K] extends DescMethodUnary<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
      : never;
};

/** A client of the dispatcher's RPCs. Its calls reject with Sluice's errors, or with the reason of the caller's signal. */
export type DispatcherClient = UnaryClient<typeof DispatcherService>;

/** A client of a worker's RPCs; elements are read with `readElementStream`. */
export type WorkerClient = UnaryClient<typeof WorkerService>;

/** A client that asks a worker what the elements of a dataset look like. */
export type InspectionClient = UnaryClient<typeof InspectionService>;

/** How clients call. */
export interface ClientOptions {
  /** Replaces the global `fetch`, as tests do. */
  fetch?: typeof globalThis.fetch;
  /** Times deadlines. @default the real clock */
  clock?: Clock;
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

function createSluiceClient<S extends DescService>(
  service: S,
  address: string,
  { fetch, clock = systemClock, defaultTimeoutMs = 10_000 }: ClientOptions = {},
): UnaryClient<S> {
  const target = { address, origin: normalizeTarget(address), fetch, clock, defaultTimeoutMs };
  const calls = service.methods.filter(isUnary).map((method) => {
    const call = (request: MessageInitShape<typeof method.input>, options?: CallOptions) =>
      callUnary(target, method, request, options);
    return [method.localName, call];
  });
  return Object.fromEntries(calls);
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}
