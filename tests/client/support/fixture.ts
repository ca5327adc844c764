import { type Clock, FakeClock, type Log, type LogFields, SeededRandom } from "../../../src/base/mod.ts";
import { createDataServiceReader, type ReaderEnvironment } from "../../../src/client/mod.ts";
import { type Element, portableCodecs } from "../../../src/element/mod.ts";
import { DONE, type ElementIterator, type ExecutionContext } from "../../../src/executor/mod.ts";
import {
  checkNode,
  createFunctionRuntime,
  type DataServiceNode,
  type DataServiceOptions,
  type GraphNode,
} from "../../../src/graph/mod.ts";
import { memoryFileSystem } from "../../../src/sources/mod.ts";
import { FakeDispatcher } from "./fake_dispatcher.ts";
import { FakeNetwork } from "./fake_network.ts";
import { FakeWorker } from "./fake_worker.ts";

/** A log that keeps its warnings. */
export class WarningLog implements Log {
  readonly warnings: { message: string; fields?: LogFields }[] = [];

  info(): void {}

  warn(message: string, fields?: LogFields): void {
    this.warnings.push({ message, fields });
  }
}

/** What a test that only waits for time to pass needs. */
export interface Waiting {
  readonly clock: FakeClock;
}

/**
 * A dispatcher at `dispatcher:5050`, a worker for each list of blocks at `worker-0:1` and so on, and a client's
 * environment that reaches them.
 */
export function fakeService(...blocks: Element[][][]): {
  network: FakeNetwork;
  dispatcher: FakeDispatcher;
  workers: FakeWorker[];
  clock: FakeClock;
  log: WarningLog;
  environment: ReaderEnvironment & { readonly clock: Clock };
  open: (node: DataServiceNode, options?: { signal?: AbortSignal }) => ElementIterator<Element>;
} {
  const network = new FakeNetwork();
  const workers = blocks.map((own, i) =>
    new FakeWorker({ taskId: BigInt(4000 + i), address: `worker-${i}:1`, blocks: own })
  );
  const dispatcher = new FakeDispatcher(workers);
  network.add("dispatcher:5050", dispatcher.handler);
  for (const worker of workers) network.add(worker.address, worker.handler);
  const clock = new FakeClock();
  const log = new WarningLog();
  const random = new SeededRandom(7);
  const environment = { clock, log, random, fetch: network.fetch, codecs: portableCodecs };
  const read = createDataServiceReader(environment);
  const context: ExecutionContext = {
    signal: new AbortController().signal,
    clock,
    log,
    random,
    files: memoryFileSystem({}),
    functions: createFunctionRuntime(),
    Dataset: { fromArray: () => ({}) },
    dataService: read,
    epoch: 0,
  };
  const open = (node: DataServiceNode, options: { signal?: AbortSignal } = {}) =>
    read(node, { ...context, ...options });
  return { network, dispatcher, workers, clock, log, environment, open };
}

/** The input of the nodes below. */
export const INPUT: GraphNode = checkNode({ op: "range", inputs: [], start: 0, stop: 10, step: 1 });

/** A node that reads {@linkcode INPUT} through the service. */
export function serviceNode(options: Partial<DataServiceOptions> = {}, input = INPUT): DataServiceNode {
  return checkNode({
    op: "dataService",
    inputs: options.datasetId ? [] : [input],
    options: {
      service: "http://dispatcher:5050",
      shardingPolicy: 0,
      datasetId: null,
      jobName: null,
      consumerIndex: null,
      numConsumers: null,
      maxOutstandingRequests: null,
      compression: "AUTO",
      trainerId: null,
      targetWorkers: "AUTO",
      taskRefreshIntervalMs: 1_000,
      dispatcherTimeoutMs: 300_000,
      exactlyOnce: false,
      ...options,
    },
  });
}

/** All elements to the end. */
export async function readAll(reader: ElementIterator<Element>): Promise<Element[]> {
  const elements: Element[] = [];
  for (let pulled = await reader.next(); pulled !== DONE; pulled = await reader.next()) elements.push(pulled);
  return elements;
}

/** The outcome of a promise that needs time to pass; at most `limitMs` of it does. */
export async function passTime<T>({ clock }: Waiting, promise: Promise<T>, limitMs = 60_000): Promise<T> {
  let isSettled = false;
  promise.then(() => isSettled = true, () => isSettled = true);
  const end = clock.now() + limitMs;
  while (!isSettled && clock.now() < end) await clock.advance(100);
  if (!isSettled) throw new Error(`Nothing came of it in ${limitMs} ms`);
  return await promise;
}

/** Lets everything happen that needs no time. */
export function settle({ clock }: Waiting): Promise<void> {
  return clock.advance(0);
}
