import { createDispatcherClient, type DispatcherClient, normalizeTarget } from "../rpc/mod.ts";
import type { DeadlineOptions } from "./call_with_deadline.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { callPatiently } from "./patience.ts";

/** How long calls to a dispatcher that cannot be reached are tried, in milliseconds, unless the user says otherwise. */
export const DEFAULT_DISPATCHER_TIMEOUT_MS = 300_000;

/** A dispatcher, and the patience that is had with it. */
export class DispatcherLink {
  /** Its target, such as `http://localhost:5050`. */
  readonly service: string;
  readonly client: DispatcherClient;
  readonly timeoutMs: number;
  readonly environment: ServiceEnvironment;

  /** @throws {InvalidArgumentError} if `service` is no target */
  constructor(
    service: string,
    options: { environment: ServiceEnvironment; timeoutMs?: number },
  ) {
    const { environment, timeoutMs = DEFAULT_DISPATCHER_TIMEOUT_MS } = options;
    this.service = normalizeTarget(service);
    this.client = createDispatcherClient(service, environment);
    this.timeoutMs = timeoutMs;
    this.environment = environment;
  }

  /**
   * Calls until the dispatcher answers. `what` stands behind "Cannot": `register the dataset`.
   *
   * @throws {UnavailableError} naming the dispatcher, after the timeout
   * @throws the signal's reason as soon as it is aborted
   */
  call<T>(
    what: string,
    send: (client: DispatcherClient, options: DeadlineOptions) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { service, timeoutMs, environment: { clock, random, log } } = this;
    return callPatiently((options) => send(this.client, options), {
      clock,
      random,
      log,
      what,
      service,
      timeoutMs,
      signal,
    });
  }
}
